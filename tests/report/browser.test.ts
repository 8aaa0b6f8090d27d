// SPDX-License-Identifier: GPL-2.0-only
/** The report in a real browser: found, stepped through, a hook call looked at. BROWSER names it, chromium unless given. */
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Page } from 'playwright-core';
import t, { type Test } from 'tap';
import { runNode } from '../house/project.js';

const BROWSER = process.env.BROWSER ?? '/usr/bin/chromium';

/** The report of a few tests, opened from the file system, and what the page complained about. */
async function openReport(test: Test, width: number): Promise<{ page: Page; errors: string[]; folder: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'vma-report-'));
  const made = runNode([
    'dist/tools/report/main.js',
    '--out',
    join(folder, 'report'),
    'tests/mapped/called_once.test.ts',
    'tests/mm/modify.test.ts',
  ]);
  test.equal(made.status, 0, made.stderr);
  test.match(made.stdout, /index\.html: \d+ tests, 0 failed/);
  const browser = await chromium.launch({ executablePath: BROWSER, args: ['--no-sandbox'] });
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: width < 600 ? 'dark' : 'light' });
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  page.on('request', (request) => {
    if (!request.url().startsWith('file:')) errors.push(`asks for ${request.url()}`);
  });
  test.teardown(async () => {
    await browser.close();
    rmSync(folder, { recursive: true });
  });
  await page.goto(pathToFileURL(join(folder, 'report/index.html')).href);
  return { page, errors, folder };
}

const here = existsSync(BROWSER);
const skip = here ? false : `${BROWSER} is not there`;

t.test('found by name, stepped through, a hook looked at', { skip }, async (t) => {
  const { page, errors, folder } = await openReport(t, 1280);
  await page.getByLabel('Find a test').fill('comes after the action');
  const names = page.locator('#names button');
  t.equal(await names.count(), 1);
  await names.first().click();
  t.match(await page.locator('#shown h2').textContent(), /comes after the action/);

  const part = page.locator('.part').first();
  t.match(await part.locator('.place').textContent(), /^step \d+ of \d+$/);
  t.ok((await part.locator('svg rect').count()) > 0, 'VMAs are drawn');
  t.match(await part.locator('svg rect title').first().textContent(), /^0x[0-9a-f]+-0x[0-9a-f]+ pgoff 0x/);
  const hook = part.locator('details.hook').filter({ hasText: 'mapped()' });
  await hook.locator('summary').click();
  t.match(await hook.locator('summary').textContent(), /\(\) returned /);
  t.match(await hook.locator('pre').textContent(), /0x100000/);

  await page.getByLabel('Find a test').fill('splits in three');
  await names.first().click();
  const steps = page.locator('.part').first();
  const last = await steps.locator('.place').textContent();
  await steps.locator('.back').click();
  t.not(await steps.locator('.place').textContent(), last, 'one step back');
  await steps.locator('.next').focus();
  await page.keyboard.press('ArrowRight');
  t.equal(await steps.locator('.place').textContent(), last, 'and on again, with the keyboard');

  t.equal(await page.locator('#review tbody tr').count(), 8);
  await page.screenshot({ path: join(folder, 'report.png'), fullPage: true });
  t.ok(statSync(join(folder, 'report.png')).size > 10_000);
  t.same(errors, []);
});

t.test('on a phone, in the dark', { skip }, async (t) => {
  const { page, errors } = await openReport(t, 390);
  await page.getByLabel('Find a test').fill('mapped is not called for what merges');
  await page.locator('#names button').first().click();
  t.ok((await page.locator('.part svg').count()) > 1);
  const overflow = await page.evaluate('document.documentElement.scrollWidth - document.documentElement.clientWidth');
  t.equal(overflow, 0, 'nothing is wider than the screen');
  const paper = await page.evaluate('getComputedStyle(document.body).backgroundColor');
  t.not(paper, 'rgb(255, 255, 255)');
  t.same(errors, []);
});
