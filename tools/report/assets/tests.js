// SPDX-License-Identifier: GPL-2.0-only
// The list of tests, and the one that is shown.

/**
 * @param {string} id
 * @returns {HTMLElement}
 */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

/** @type {import('../data.js').ReportedTest[]} */
const tests = JSON.parse(byId('data').textContent ?? '[]');
const names = byId('names');
const shown = byId('shown');
const find = /** @type {HTMLInputElement} */ (byId('find'));

/** @type {[string, (test: import('../data.js').ReportedTest) => boolean][]} */
const FILTERS = [
  ['all', () => true],
  ['upstream', ({ file }) => isUpstream(file)],
  ['failed', ({ result }) => result === 'not ok'],
  ['skipped', ({ result }) => result === 'skip'],
  ['with a timeline', ({ parts }) => parts.length > 0],
  ['with hook calls', (test) => test.parts.some(({ timeline }) => callsOf(timeline) > 0)],
];
let filter = FILTERS[0];
const ids = idsOf(tests);

/**
 * @param {string} file
 * @returns {boolean}
 */
function isUpstream(file) {
  return /(?:^|\/)upstream\//.test(file);
}

/**
 * The heading that a test stands below: what failed is what one looks for.
 * @param {import('../data.js').ReportedTest} test
 * @returns {string}
 */
function headingOf({ result, file }) {
  if (result === 'not ok') return 'failed';
  return file.includes('/') ? file.slice(0, file.lastIndexOf('/')) : file === '' ? 'other' : './';
}

/**
 * Failed tests first, then upstream's, then the rest by folder.
 * @param {string} heading
 * @returns {number}
 */
function rankOf(heading) {
  if (heading === 'failed') return 0;
  return isUpstream(`${heading}/`) ? 1 : 2;
}

/** @type {Record<string, [kind: string, word: string]>} */
const RESULTS = {
  ok: ['ok', 'passed'],
  'not ok': ['bad', 'failed'],
  skip: ['none', 'skipped'],
  todo: ['none', 'to be done'],
};

/**
 * @param {import('../timeline.js').ShownTimeline} timeline
 * @returns {number}
 */
function callsOf({ rows, callsAfter }) {
  return rows.reduce((sum, { calls }) => sum + calls.length, callsAfter.length);
}

/**
 * @param {number | null} milliseconds
 * @returns {string}
 */
function timeText(milliseconds) {
  if (milliseconds === null) return '';
  return milliseconds < 1000
    ? `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * @param {import('../data.js').ReportedTest} test
 * @param {number} i
 * @returns {HTMLElement}
 */
function listEntry(test, i) {
  const [kind = '', word = ''] = RESULTS[test.result] ?? [];
  const result = element('span', { class: 'result' }, element('span', { class: 'unseen' }, `${word}: `));
  const time = element('span', { class: 'time' }, timeText(test.milliseconds));
  const button = element(
    'button',
    { type: 'button', class: kind },
    result,
    element('span', { class: 'name' }, test.name),
    time,
  );
  button.dataset.test = String(i);
  return element('li', {}, button);
}

function list() {
  const wanted = find.value.toLowerCase();
  const chosen = tests
    .map((test, i) => ({ test, i }))
    .filter(({ test }) => filter?.[1](test) && test.name.toLowerCase().includes(wanted));
  const headings = [...new Set(chosen.map(({ test }) => headingOf(test)))];
  headings.sort((a, b) => rankOf(a) - rankOf(b) || a.localeCompare(b));
  names.replaceChildren(
    ...headings.flatMap((heading) => {
      const own = chosen.filter(({ test }) => headingOf(test) === heading);
      const head = element('li', { class: 'folder' }, heading, element('span', { class: 'sum' }, String(own.length)));
      return [head, ...own.map(({ test, i }) => listEntry(test, i))];
    }),
  );
  byId('count').textContent =
    chosen.length === tests.length
      ? plural(chosen.length, 'test')
      : `${chosen.length} of ${plural(tests.length, 'test')}`;
  markShown();
}

/** @type {number} */
let shownTest = -1;

function markShown() {
  for (const button of names.querySelectorAll('button')) {
    if (button.dataset.test === String(shownTest)) button.setAttribute('aria-current', 'true');
    else button.removeAttribute('aria-current');
  }
}

/** Scrolls the list, and nothing else, to the test that is shown. */
function revealShown() {
  const button = names.querySelector('[aria-current]');
  if (button === null) return;
  names.scrollTop += button.getBoundingClientRect().top - names.getBoundingClientRect().top - names.clientHeight / 3;
}

/**
 * @param {import('../data.js').Failure} failure
 * @param {string} name
 * @returns {HTMLElement}
 */
function failureBox({ path, diagnostics }, name) {
  const below = path.startsWith(`${name} > `) ? path.slice(name.length + 3) : path;
  const rest = diagnostics === '' ? [] : [element('pre', { tabindex: '0' }, diagnostics)];
  return element('div', { class: 'failure', role: 'group', 'aria-label': 'Failure' }, element('p', {}, below), ...rest);
}

/**
 * A part of a test, drawn when it is opened.
 * @param {import('../data.js').ReportedPart} part
 * @param {boolean} open
 * @param {number} start
 * @param {(step: number) => void} stepped
 * @returns {HTMLElement}
 */
function partBox({ name, timeline }, open, start, stepped) {
  const box = element('section', { class: 'part', 'aria-label': name === '' ? 'Timeline' : `Timeline of ${name}` });
  if (name === '') {
    showTimeline(timeline, box, start, stepped);
    return box;
  }
  const sum = `${plural(timeline.rows.length, 'step')}, ${plural(callsOf(timeline), 'hook call')}`;
  const details = element(
    'details',
    { class: 'named' },
    element('summary', {}, name, element('span', { class: 'sum' }, sum)),
    box,
  );
  details.addEventListener('toggle', () => {
    if (box.childElementCount === 0) showTimeline(timeline, box, start, stepped);
  });
  details.toggleAttribute('open', open);
  return details;
}

/**
 * @param {number} i
 * @param {number} [atPart]
 * @param {number} [atStep]
 */
function show(i, atPart = 0, atStep = tests[i]?.first ?? 0) {
  const test = tests[i];
  if (test === undefined) return;
  shownTest = i;
  markShown();
  const [kind = '', word = ''] = RESULTS[test.result] ?? [];
  const facts = [word, timeText(test.milliseconds), test.reason].filter((text) => text !== '').join(', ');
  const own = test.parts.filter(({ name }) => name === '');
  const named = test.parts.filter(({ name }) => name !== '');
  const none = element(
    'p',
    { class: 'empty' },
    'No assertion of this test has seen its address space change, and no hook was called: there is nothing to draw.',
  );
  shown.replaceChildren(
    element('h3', { class: `title ${kind}` }, element('span', { class: 'result', 'aria-hidden': 'true' }), test.name),
    element('p', { class: `facts ${kind}` }, facts),
    ...test.failures.map((failure) => failureBox(failure, test.name)),
    element(
      'div',
      { class: test.beside ? 'sides' : '' },
      ...[...own, ...named].map((part, at) =>
        partBox(
          part,
          at === atPart || test.beside === true,
          at === atPart || test.beside === true ? atStep : 0,
          (step) => {
            if (test.beside === true) {
              for (const side of shown.querySelectorAll('.part'))
                side.dispatchEvent(new CustomEvent('goto', { detail: step }));
            }
            history.replaceState(null, '', linkTo(ids[i] ?? '', at, step));
          },
        ),
      ),
    ),
    ...(test.parts.length === 0 ? [none] : []),
  );
}

/**
 * Shows a test, and lets the address of the page lead to it.
 * @param {number} i
 */
function choose(i) {
  show(i);
  if (location.hash !== linkTo(ids[i] ?? '')) history.pushState(null, '', linkTo(ids[i] ?? ''));
  // Where the list is above the test, as on a phone, the test may be below the screen.
  if (shown.getBoundingClientRect().top > window.innerHeight * 0.6) shown.scrollIntoView({ block: 'start' });
}

/**
 * Shows what the address of the page asks for. Is there nothing it asks for?
 * @returns {boolean}
 */
function showAddressed() {
  const place = placeOf(location.hash, ids, tests);
  if (place === null) return false;
  if (typeof place === 'string') {
    shownTest = -1;
    markShown();
    shown.replaceChildren(element('p', { class: 'empty', role: 'alert' }, place));
  } else {
    show(place.test, place.part, place.step);
    revealShown();
  }
  return true;
}

names.addEventListener('click', (event) => {
  const button = event.target instanceof Element ? event.target.closest('button') : null;
  if (button !== null) choose(Number(button.dataset.test));
});

// From the search down into the list, and within it, by arrow keys.
byId('tests').addEventListener('keydown', (event) => {
  const focused = document.activeElement;
  const buttons = [...names.querySelectorAll('button')];
  const at = focused instanceof HTMLButtonElement ? buttons.indexOf(focused) : -1;
  if (at < 0 && focused !== find) return;
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  event.preventDefault();
  const to = event.key === 'ArrowDown' ? at + 1 : at - 1;
  (to < 0 ? find : buttons[Math.min(to, buttons.length - 1)])?.focus();
});

document.addEventListener('keydown', (event) => {
  const typing = event.target instanceof HTMLInputElement;
  if (event.key !== '/' || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  find.focus();
});

for (const [name, accepts] of FILTERS) {
  const count = tests.filter(accepts).length;
  const button = element(
    'button',
    { type: 'button', 'aria-pressed': String(filter?.[0] === name) },
    `${name} ${count}`,
  );
  button.addEventListener('click', () => {
    filter = [name, accepts];
    for (const other of byId('filters').children) other.setAttribute('aria-pressed', String(other === button));
    list();
  });
  byId('filters').append(button);
}

find.addEventListener('input', list);
find.addEventListener('keydown', (event) => {
  const first = names.querySelector('button');
  if (event.key !== 'Enter' || first === null) return;
  event.preventDefault();
  choose(Number(first.dataset.test));
  // From here on arrow keys step through it.
  const next = shown.querySelector('.next:not([disabled])');
  if (next instanceof HTMLElement) next.focus();
});

const help = /** @type {HTMLDialogElement} */ (byId('help'));
byId('keys').addEventListener('click', () => help.showModal());
document.addEventListener('keydown', (event) => {
  if (event.key === '?' && !(event.target instanceof HTMLInputElement) && !help.open) help.showModal();
});

/** What colours tell: which VMA it is, or what it allows. Kept for as long as the page is open. */
for (const button of byId('colours').querySelectorAll('button')) {
  button.addEventListener('click', () => {
    document.body.classList.toggle('by-vma', button.value === 'vma');
    for (const other of byId('colours').querySelectorAll('button')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
  });
}

// Back and forward, and links within the page, all change the hash.
window.addEventListener('hashchange', showAddressed);
document.body.prepend(stripes());
list();
// First what the address asks for, else what failed, else something to look at.
if (!showAddressed()) {
  show(
    [
      tests.findIndex(({ result }) => result === 'not ok'),
      tests.findIndex(({ parts }) => parts.some(({ timeline }) => timeline.rows.length > 2 && callsOf(timeline) > 0)),
      0,
    ].find((i) => i >= 0) ?? 0,
  );
  revealShown();
}
