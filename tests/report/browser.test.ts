// SPDX-License-Identifier: GPL-2.0-only
/** The report in a real browser, as its readers use it. BROWSER names it, chromium unless given. */

import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Locator, type Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { BUGS } from '../../dev/bugs/list.js';
import { ROOT, runNode } from '../house/project.js';

const BROWSER = process.env.BROWSER ?? '/usr/bin/chromium';
/** Where the picture of the README is to be written, if it is to be made anew. */
const PICTURE = process.env.REPORT_PICTURE;

const here = existsSync(BROWSER);
const skip = here ? false : `${BROWSER} is not there`;

/** A test that fails, beside those of this project, so that there is something to stand out. */
const FAILING = `import { test } from '${pathToFileURL(join(ROOT, 'dist/harness/index.js')).href}';
import { mapRange } from '${pathToFileURL(join(ROOT, 'dist/tests/mm/space.js')).href}';
test('far apart, and wrong', (t) => {
  mapRange(t, 0x10000, 0x12000);
  mapRange(t, 0x7fff00000000, 0x7fff00002000);
  t.ASSERT_EQ(t.mm.total_vm, 0x17, 'total');
});
`;

/** Writes a report, which must have so many failed tests, and returns its page. */
function makeReport(test: Test, out: string, files: readonly string[], failed: number): string {
  const made = runNode(['dist/dev/report/report.js', '--out', out, ...files]);
  test.equal(made.status, failed === 0 ? 0 : 1, made.stderr);
  test.match(made.stdout, new RegExp(`index\\.html: \\d+ tests, ${failed} failed`));
  return join(out, 'index.html');
}

interface Opened {
  page: Page;
  /** What the page complained about, or asked a network for. */
  errors: string[];
}

async function open(browser: Browser, test: Test, file: string, width: number, dark = false): Promise<Opened> {
  const colorScheme = dark ? 'dark' : 'light';
  const viewport = { width, height: width < 600 ? 844 : 900 };
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: 'reduce' });
  page.setDefaultTimeout(10_000);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) errors.push(`asks for ${request.url()}`);
  });
  test.teardown(() => page.close());
  await page.goto(pathToFileURL(file).href);
  return { page, errors };
}

/** Finds a test by a part of its name, and shows it. */
async function find(page: Page, text: string): Promise<Locator> {
  await page.getByLabel('Find a test').fill(text);
  await page.locator('#names button').first().click();
  return page.locator('.part').first();
}

/** Left and right edge of what is drawn, on the page. */
async function edges(drawn: Locator): Promise<[left: number, right: number]> {
  const box = await drawn.boundingBox();
  return box === null ? [Number.NaN, Number.NaN] : [box.x, box.x + box.width];
}

/** How well a text can be told from what is behind it, as WCAG has it. */
async function contrast(page: Page, text: string, ground: string): Promise<number> {
  const colours = await page.evaluate(
    `[getComputedStyle(document.querySelector(${JSON.stringify(text)})), getComputedStyle(document.querySelector(${JSON.stringify(ground)}))]
      .map((style, i) => i === 0 && style.fill !== 'rgb(0, 0, 0)' ? style.fill : i === 0 ? style.color : style.fill)`,
  );
  const light = (Array.isArray(colours) ? colours : []).map((colour: unknown) => {
    const [r = 0, g = 0, b = 0] = (String(colour).match(/\d+/g) ?? []).map((part) => {
      const value = Number(part) / 255;
      return value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  });
  return (Math.max(...light) + 0.05) / (Math.min(...light) + 0.05);
}

t.test('the report in a browser', { skip }, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'vma-report-'));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  t.teardown(() => browser.close());
  const good = makeReport(
    t,
    join(folder, 'good'),
    [
      'tests/mapped/called_once.test.ts',
      'tests/mapped/drivers.test.ts',
      'tests/mapped/actions.test.ts',
      'tests/mm/modify.test.ts',
    ],
    0,
  );

  t.test('a test is found by name, its timeline stepped through, a hook call looked at', async (t) => {
    const { page, errors } = await open(browser, t, good, 1280);
    const part = await find(page, 'afs: a count');
    t.equal(await page.locator('#names button').count(), 1);
    t.match(await page.locator('#count').textContent(), /^1 of \d+ tests$/);
    t.match(await page.locator('#shown h3').textContent(), /^afs: a count taken/);
    t.equal(await part.locator('.place').textContent(), 'step 1 of 6');
    t.match(await part.locator('.seen').textContent(), /drivers\.test\.ts:\d+$/);

    await part.locator('.next').click();
    await part.locator('.next').click();
    t.equal(await part.locator('.place').textContent(), 'step 3 of 6');
    t.equal(await part.locator('.row.now .vma').count(), 2, 'the two of a split');
    t.equal(await part.locator('.step tbody tr').count(), 2, 'as a table, too');
    t.match(await part.locator('.code').textContent(), 'do_munmap(');

    await part.locator('.call').filter({ hasText: 'mapped() = 0' }).click();
    const about = await part.locator('.about').textContent();
    t.match(about, /mapped\(\)start0x100000end0x104000pgoff0x40filefile #1.*returned0$/);
    t.equal(await part.locator('.place').textContent(), 'step 2 of 6', 'the step that it came before');
    await page.mouse.move(0, 0);
    const picture = PICTURE ?? join(folder, 'report.png');
    const [top, bottom] = [await page.locator('#shown').boundingBox(), await part.locator('.about').boundingBox()];
    if (top === null || bottom === null) throw new Error('what is to be in the picture is not on the page');
    const clip = { ...top, height: bottom.y + bottom.height - top.y };
    await page.screenshot({ path: picture, clip, fullPage: true });
    t.ok(statSync(picture).size > 20_000, 'a picture is taken');
    t.same(errors, []);
  });

  t.test('hook calls and VMAs share one axis, splits and merges are connected', async (t) => {
    const { page, errors } = await open(browser, t, good, 1280);
    const part = await find(page, 'afs: a count');
    const first = part.locator('.row').nth(0);
    const [left, right] = await edges(first.locator('.vma .bar'));
    const [from, to] = await edges(first.locator('.call .bracket'));
    t.ok(
      Math.abs(left - from) < 4 && Math.abs(right - to) < 4,
      `mmap_prepare from ${from} to ${to}, its VMA ${left} to ${right}`,
    );

    const [splitLeft, splitRight] = await edges(part.locator('.joint.split path'));
    const [low, high] = [
      part.locator('.row').nth(2).locator('.bar').nth(0),
      part.locator('.row').nth(2).locator('.bar').nth(1),
    ];
    const [[, lowEnd], [highStart]] = [await edges(low), await edges(high)];
    t.ok(
      Math.abs(splitLeft - lowEnd) < 12 && Math.abs(splitRight - highStart) < 12,
      `a fork at ${splitLeft} to ${splitRight}, between ${lowEnd} and ${highStart}`,
    );
    t.equal(await part.locator('.joint.merge').count(), 0);
    t.ok((await part.locator('polygon.gone').count()) > 0, 'what was unmapped comes to an end');

    const merging = await find(page, 'moves the border');
    t.ok((await merging.locator('.joint.merge').count()) > 0);
    t.match(await merging.locator('.joint.merge title').first().textContent(), /^merge at 0x/);
    t.match(
      await merging.locator('.vma title').first().textContent(),
      /^VMA #1 0x[0-9a-f]+-0x[0-9a-f]+ .*\nvm_start 0x.*\nflags 0x/s,
    );

    const failing = await find(page, 'that mapped rejects is undone');
    t.match(await failing.locator('.call.failed').first().textContent(), 'mapped() = -EIO');
    t.same(errors, []);
  });

  t.test('with the keyboard alone', async (t) => {
    const { page, errors } = await open(browser, t, good, 1280);
    const focused = (what: string): Promise<unknown> => page.evaluate(`document.activeElement.${what}`);
    await page.keyboard.press('/');
    t.equal(await focused('id'), 'find', 'to the search');
    await page.keyboard.type('afs: a count');
    await page.keyboard.press('ArrowDown');
    t.match(await focused('textContent'), 'afs: a count', 'down into the list');
    await page.keyboard.press('Enter');
    t.match(
      await page.evaluate('location.hash'),
      /^#test=tests%2Fmapped%2Fdrivers\.test\.ts%3A%20afs/,
      'a test has an address',
    );
    await page.keyboard.press('ArrowUp');
    t.equal(await focused('id'), 'find', 'and back');

    const part = page.locator('.part').first();
    await part.locator('.next').focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    t.equal(await part.locator('.place').textContent(), 'step 3 of 6');
    await page.keyboard.press('Tab');
    t.match(await focused('getAttribute("aria-label")'), /^open\(VMA #\d+ 0x100000-0x101000\) returned nothing$/);
    t.match(await part.locator('.about').textContent(), /^open\(\)vmaVMA #\d+ 0x100000-0x101000returned/);
    const stroke = await page.evaluate('getComputedStyle(document.activeElement.querySelector(".hit")).strokeWidth');
    t.equal(stroke, '3px', 'what has the focus is seen to have it');
    await page.keyboard.press('Tab');
    t.match(
      await focused('getAttribute("aria-label")'),
      /^VMA #\d+ 0x100000-0x101000 rw-s, page offset 0x40, file: one of 2/,
    );
    t.match(await part.locator('.about').textContent(), /vm_start0x100000.*vm_opsmapped, open, close.*vm_filefile #1/);
    await page.keyboard.press('ArrowDown');
    t.equal(await part.locator('.place').textContent(), 'step 4 of 6');
    t.match(await focused('getAttribute("aria-label")'), /^open\(/, 'the focus goes along');
    await page.keyboard.press('Home');
    t.equal(await part.locator('.place').textContent(), 'step 1 of 6');
    await page.keyboard.press('End');
    t.equal(await part.locator('.place').textContent(), 'step 6 of 6');
    t.same(errors, []);
  });

  t.test('addresses of tests and steps survive a reload, a way back, and say when they are bad', async (t) => {
    const { page, errors } = await open(browser, t, good, 1280);
    await page.getByLabel('Find a test').fill('afs: a count');
    await page.keyboard.press('Enter');
    const place = page.locator('.place').first();
    t.equal(await place.textContent(), 'step 1 of 6', 'Enter shows the first that was found');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    t.match(await page.evaluate('location.hash'), /&step=3$/);
    await page.reload();
    t.equal(await place.textContent(), 'step 3 of 6');
    await page.getByLabel('Find a test').fill('afs: a count');
    const atOnce = `document.querySelector('#names button').click(); document.querySelector('.place').textContent`;
    t.equal(await page.evaluate(atOnce), 'step 1 of 6', 'told before there is a frame to draw in');
    await page.goBack();
    await find(page, 'moves the border');
    t.match(await page.locator('#shown h3').textContent(), 'moves the border');
    await page.goBack();
    t.match(await page.locator('#shown h3').textContent(), 'afs: a count');
    t.equal(await place.textContent(), 'step 3 of 6');
    for (const bad of ['#test=nothing', `${await page.evaluate('location.hash')}00`]) {
      await page.evaluate(`location.hash = ${JSON.stringify(bad)}`);
      t.match(await page.locator('#shown [role=alert]').textContent(), 'in this report.', bad);
    }
    t.same(errors, []);
  });

  t.test('operations, changes, locks, colours, zoom and help', async (t) => {
    const { page, errors } = await open(browser, t, good, 1280);
    const part = await find(page, 'afs: a count');
    t.match(
      await part.locator('.row .operation').nth(2).textContent(),
      /^do_munmap\(start=0x101000, len=0x1000\) = 0x0/,
    );
    await part.locator('.next').click();
    await part.locator('.next').click();
    t.match(await part.locator('.changes .came').textContent(), /^\+ VMA #2 0x100000-0x101000: one of 2 after a split/);
    t.match(await part.locator('.held').textContent(), 'Held: mmap_lock');
    t.ok((await part.locator('.lock').count()) > 3, 'the ribbon');
    const frame = await part.locator('.frame').boundingBox();
    const side = await part.locator('.side').boundingBox();
    t.ok(
      frame !== null && side !== null && side.x >= frame.x + frame.width && side.y < 900,
      'details beside the picture',
    );

    const colours = async (): Promise<number> => {
      const bars = "[...document.querySelectorAll('.row.now .bar')]";
      return Number(await page.evaluate(`new Set(${bars}.map((bar) => getComputedStyle(bar).fill)).size`));
    };
    t.equal(await colours(), 2, 'two VMAs, two colours');
    await page.getByRole('button', { name: 'colour: access' }).click();
    t.equal(await colours(), 1, 'that allow the same');

    const width = async (): Promise<number> => (await part.locator('svg').boundingBox())?.width ?? 0;
    const before = await width();
    await part.getByLabel('Draw it wider').click();
    t.ok((await width()) > 1.9 * before);
    await page.keyboard.press('?');
    t.match(await page.locator('#help').textContent(), 'from step to step');
    await page.keyboard.press('Escape');
    t.notOk(await page.locator('#help').isVisible());
    await page.getByRole('button', { name: /^upstream 0/ }).click();
    t.equal(await page.locator('#names button').count(), 0);
    t.same(errors, []);
  });

  t.test('the rest of the page', async (t) => {
    const { page, errors } = await open(browser, t, good, 1280);
    t.equal(await page.locator('#review tbody tr').count(), 9);
    t.ok((await page.locator('#review td.found').count()) > 8);
    t.equal(await page.locator('#bugs tbody tr').count(), BUGS.length);
    await page.getByRole('button', { name: /^with hook calls/ }).click();
    const counted = Number(/^\d+/.exec((await page.locator('#count').textContent()) ?? '')?.[0]);
    t.ok(counted > 5 && counted === (await page.locator('#names button').count()));
    await page.getByRole('button', { name: /^failed 0/ }).click();
    t.equal(await page.locator('#names button').count(), 0);
    t.same(errors, []);
  });

  for (const dark of [false, true]) {
    t.test(`on a phone, ${dark ? 'in the dark' : 'by day'}`, async (t) => {
      const { page, errors } = await open(browser, t, good, 390, dark);
      const part = await find(page, 'afs: a count');
      const overflow = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      t.equal(overflow, 0, 'nothing is wider than the screen');
      const [, right] = await edges(part.locator('svg.timeline'));
      t.ok(right <= 390, 'nor is the picture');
      const size = await page.evaluate('parseFloat(getComputedStyle(document.querySelector(".call text")).fontSize)');
      t.ok(Number(size) >= 11, 'and its letters are not made smaller');
      t.ok((await page.locator('#shown h3').boundingBox())?.y ?? 844 < 600, 'the test chosen is on the screen');
      const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
      t.equal(paper === 'rgb(255, 255, 255)', !dark);
      t.ok((await contrast(page, '.vma text', '.vma .bar')) >= 4.5, 'letters on a VMA can be read');
      t.same(errors, []);
    });
  }

  t.test('a test that failed stands out, and a gap is cut short', async (t) => {
    const path = join(folder, 'failing.test.js');
    writeFileSync(path, FAILING);
    const bad = makeReport(t, join(folder, 'bad'), [path, 'tests/mm/modify.test.ts'], 1);
    t.notMatch(readFileSync(bad, 'utf8'), join(ROOT, 'tests'), 'no path of this machine');
    const { page, errors } = await open(browser, t, bad, 390);
    t.match(await page.locator('.verdict.bad').textContent(), /, 1 failed/);
    t.match(await page.locator('#names button').first().getAttribute('class'), 'bad', 'first in the list');
    t.equal(await page.locator('#shown h3').textContent(), 'far apart, and wrong', 'and what one sees first');
    t.match(
      await page.locator('.failure').first().textContent(),
      /total.*found: 0x4\n {2}wanted: 0x17\noperation: .*\nbefore:\n.*0x10000-/s,
    );
    const bars = page.locator('.row').last().locator('.bar');
    // Drawn as soon as there is room.
    await bars.first().waitFor({ state: 'attached' });
    for (const bar of await bars.all()) {
      const [left, right] = await edges(bar);
      t.ok(right - left > 60, `${right - left} pixels wide`);
    }
    t.equal(await page.locator('rect.cut').count(), 1);
    t.match(await page.locator('rect.cut title').textContent(), /^0x12000-0x7fff00000000: \d+ pages, cut short$/);
    t.same(errors, []);
  });

  t.test('coverage beside it is linked to', async (t) => {
    const out = join(folder, 'covered');
    cpSync(join(folder, 'good'), out, { recursive: true });
    t.ok(existsSync(join(ROOT, 'coverage/index.html')) === existsSync(join(out, 'coverage/index.html')));
    const { page } = await open(browser, t, join(out, 'index.html'), 1280);
    const hrefs = await page
      .locator('#coverage a')
      .evaluateAll((links) => links.map((link) => link.getAttribute('href')));
    t.same(
      hrefs.filter((href) => !existsSync(join(out, href?.replace(/#.*/, '') ?? ''))),
      [],
      'every page that is linked to is there',
    );
  });
});

t.test('what no report can be made of', async (t) => {
  const dir = t.testdir({ 'precious.txt': 'x', 'empty.test.js': '', bare: {} });
  const cases: [string[], RegExp][] = [
    [['--out', dir, 'tests/mm/modify.test.ts'], /^report: .* is there, and is no report\n$/],
    [['--out', join(dir, 'new'), 'no/such.test.ts'], /^report: .*no such test: no\/such\.test\.ts\n$/],
    [['--out', join(dir, 'new'), join(dir, 'empty.test.js')], /^report: no test ran\n$/],
    [['--out', join(dir, 'bare'), 'no/such.test.ts'], /no such test/],
    [['--frobnicate'], /unknown option/],
  ];
  for (const [args, message] of cases) {
    const { status, stdout, stderr } = runNode(['dist/dev/report/report.js', ...args]);
    t.equal(status, 2, args.join(' '));
    t.match(stderr, message);
    t.equal(stdout, '');
  }
  t.ok(existsSync(join(dir, 'precious.txt')), 'nothing of somebody else’s goes');
  t.notOk(existsSync(join(dir, 'new')));
});
