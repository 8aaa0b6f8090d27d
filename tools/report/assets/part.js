// SPDX-License-Identifier: GPL-2.0-only
// One address space of a test: its timeline, the step that is looked at, and all about the VMA or call pointed at.

/**
 * @param {[string, string][]} fields
 * @returns {HTMLElement}
 */
function fieldList(fields) {
  return element('dl', {}, ...fields.flatMap(([name, value]) => [element('dt', {}, name), element('dd', {}, value)]));
}

/**
 * What the arguments of hooks are called, as far as they have names.
 * @type {Record<string, string[]>}
 */
const ARGUMENTS = {
  mmap: ['file', 'vma'],
  mmap_prepare: ['desc'],
  mapped: ['start', 'end', 'pgoff', 'file', 'vm_private_data'],
  open: ['vma'],
  close: ['vma'],
  may_split: ['vma', 'addr'],
  mremap: ['vma'],
  mprotect: ['vma', 'start', 'end', 'newflags'],
};

/**
 * All about an item of a timeline.
 * @param {Item} item
 * @returns {HTMLElement[]}
 */
function describe(item) {
  if (item.what === 'vma') {
    const { vma } = item;
    const title = element('h4', {}, `VMA #${vma.id}, ${rangeText(vma)}`);
    return [title, fieldList([['since the step before', vma.became], ...vma.fields])];
  }
  const { call } = item;
  /** @type {[string, string][]} */
  const args = call.args.map((arg, i) => [ARGUMENTS[call.hook]?.[i] ?? `argument ${i + 1}`, arg]);
  const title = element('h4', { class: call.failed ? 'bad' : '' }, `${call.hook}()`);
  return [title, fieldList([...args, ['returned', call.returned]])];
}

/**
 * @param {import('../timeline.js').Row} row
 * @returns {HTMLElement}
 */
function vmaTable(row) {
  if (row.vmas.length === 0) return element('p', {}, 'Nothing is mapped.');
  const heads = ['VMA', 'range', 'page offset', 'flags', 'file, anon_vma', 'is'];
  const lines = row.vmas.map((vma) => {
    const flags = vma.fields.find(([name]) => name === 'flags')?.[1] ?? vma.flags;
    const hangs = [...(vma.hasFile ? ['file'] : []), ...(vma.hasAnonVma ? ['anon_vma'] : [])].join(', ') || '–';
    const cells = [`#${vma.id}`, rangeText(vma), hex(vma.pgoff), flags, hangs, vma.became];
    return element('tr', vma.changed ? { class: 'changed' } : {}, ...cells.map((text) => element('td', {}, text)));
  });
  const head = element('tr', {}, ...heads.map((text) => element('th', { scope: 'col' }, text)));
  const table = element('table', {}, element('thead', {}, head), element('tbody', {}, ...lines));
  return element('div', { class: 'wide', role: 'region', tabindex: '0', 'aria-label': 'VMAs of this step' }, table);
}

/**
 * @param {import('../../../harness/recorder.js').HookCall[]} calls
 * @param {string} when
 * @returns {HTMLElement[]}
 */
function callList(calls, when) {
  if (calls.length === 0) return [];
  const lines = calls.map((call) => element('li', { class: call.failed ? 'failed' : '' }, callText(call)));
  return [element('p', {}, `${plural(calls.length, 'call')} ${when}:`), element('ol', { class: 'calls' }, ...lines)];
}

/**
 * @param {import('../timeline.js').ShownTimeline} timeline
 * @param {number} index
 * @returns {HTMLElement[]}
 */
function stepDetails(timeline, index) {
  const row = timeline.rows[index];
  if (row === undefined) return callList(timeline.callsAfter, 'while no assertion saw the address space change');
  const isLast = index === timeline.rows.length - 1;
  const place = row.place === null ? '' : `${row.place.file}:${row.place.line}`;
  const code = row.code.length === 0 ? [] : [element('pre', { class: 'code', tabindex: '0' }, row.code.join('\n'))];
  const changes = row.changes.map((line) => element('li', { class: CHANGES[line[0] ?? ''] ?? '' }, line));
  return [
    element('p', { class: 'operation' }, row.operation ?? 'by hand, or before the first operation'),
    ...(changes.length === 0 ? [] : [element('ul', { class: 'changes', 'aria-label': 'What changed' }, ...changes)]),
    element(
      'p',
      { class: 'held' },
      row.locks.length === 0 ? 'No lock is known to be held.' : `Held: ${row.locks.join(', ')}`,
    ),
    element('p', { class: 'seen' }, `Seen by ${row.at}`, place === '' ? '' : ` at ${place}`),
    ...code,
    ...callList(row.calls, 'before it'),
    vmaTable(row),
    ...(isLast ? callList(timeline.callsAfter, 'after it') : []),
  ];
}

/** @type {Record<string, string>} */
const CHANGES = { '+': 'came', '-': 'went', '~': 'altered' };

/** What colours and marks mean. */
function legend() {
  const kinds = [
    ['read', 'read'],
    ['write', 'write'],
    ['exec', 'execute'],
    ['none', 'no access'],
  ];
  const marks = [
    ['stripes', 'shared'],
    ['line', 'file'],
    ['dot', 'anon_vma'],
    ['outline', 'changed'],
    ['hook', 'hook call'],
    ['cut', 'cut short'],
  ];
  const entry = (/** @type {string} */ name, /** @type {string} */ text) =>
    element('li', {}, element('span', { class: `key ${name}` }), text);
  return element('ul', { class: 'legend' }, ...[...kinds, ...marks].map(([name = '', text = '']) => entry(name, text)));
}

const HINT =
  'Point at a VMA or a hook call, tap it, or go to it with Tab: all about it is shown here. ← → go from step to step.';

/**
 * Fills a box with a timeline. Steps are changed by buttons, by arrow keys, or by choosing something in the picture.
 * @param {import('../timeline.js').ShownTimeline} timeline
 * @param {HTMLElement} box
 * @param {number} start the step that is shown first
 * @param {(step: number) => void} stepped told of each step that somebody goes to
 */
function showTimeline(timeline, box, start, stepped) {
  const steps = timeline.rows.length;
  let current = Math.min(Math.max(start, 0), Math.max(0, steps - 1));
  let zoom = 1;
  // Until there is room to draw in, nothing is drawn, but the step is told.
  /** @type {Omit<ReturnType<typeof drawTimeline>, 'svg'>} */
  let picture = { rows: [], items: [] };
  /** @type {Item | null} */
  let pinned = null;
  const frame = element('div', { class: 'frame' });
  const place = element('span', { class: 'place', role: 'status' });
  const about = element('aside', { class: 'about', 'aria-live': 'polite' });
  const details = element('div', { class: 'step' });

  const tell = (/** @type {Item | null} */ item) => {
    about.replaceChildren(...(item === null ? [element('p', { class: 'hint' }, HINT)] : describe(item)));
    for (const { group } of picture.items) group.classList.toggle('told', group === item?.group);
  };
  const mark = () => {
    picture.rows.forEach((row, i) => {
      row.classList.toggle('now', i === current);
    });
    // The tabulator walks what belongs to the step.
    for (const item of picture.items) item.group.setAttribute('tabindex', item.row === current ? '0' : '-1');
  };
  const go = (/** @type {number} */ to) => {
    current = Math.min(Math.max(to, 0), Math.max(0, steps - 1));
    place.textContent = `step ${current + 1} of ${steps}`;
    back.toggleAttribute('disabled', current === 0);
    next.toggleAttribute('disabled', current >= steps - 1);
    mark();
    details.replaceChildren(...stepDetails(timeline, current));
  };
  const step = (/** @type {number} */ to) => {
    const wasWithin = picture.items.some(({ group }) => group === document.activeElement);
    const wasButton = document.activeElement === back || document.activeElement === next;
    go(to);
    stepped(current);
    pinned = null;
    tell(null);
    const row = picture.rows[current];
    if (row !== undefined) revealRow(frame, row);
    if (wasWithin) focusQuietly(picture.items.find((item) => item.row === current)?.group ?? next);
    else if (wasButton && document.activeElement?.hasAttribute('disabled'))
      focusQuietly(back.hasAttribute('disabled') ? next : back);
  };
  const listen = (/** @type {Item} */ item) => {
    const { group } = item;
    const choose = () => {
      pinned = item;
      if (item.row !== current) {
        go(item.row);
        stepped(current);
      }
      tell(item);
    };
    group.addEventListener('pointerenter', () => tell(item));
    group.addEventListener('pointerleave', () => tell(pinned));
    group.addEventListener('focus', choose);
    group.addEventListener('click', choose);
    group.addEventListener('keydown', (event) => {
      if (event instanceof KeyboardEvent && (event.key === 'Enter' || event.key === ' ')) {
        event.preventDefault();
        choose();
      }
    });
  };
  // The other side of a comparison goes along.
  box.addEventListener('goto', (event) => {
    if (!(event instanceof CustomEvent) || event.detail === current) return;
    go(event.detail);
    tell(null);
    const row = picture.rows[current];
    if (row !== undefined) revealRow(frame, row);
  });
  let drawnAt = 0;
  const draw = () => {
    const width = Math.floor(frame.clientWidth) * zoom;
    if (width === 0 || width === drawnAt) return;
    drawnAt = width;
    const made = drawTimeline(timeline, width);
    picture = made;
    for (const item of made.items) listen(item);
    frame.replaceChildren(made.svg);
    pinned = null;
    go(current);
    tell(null);
    const row = picture.rows[current];
    if (row !== undefined && current > 0) revealRow(frame, row);
  };

  const back = element('button', { type: 'button', class: 'back' }, '← before');
  const next = element('button', { type: 'button', class: 'next' }, 'after →');
  back.addEventListener('click', () => step(current - 1));
  next.addEventListener('click', () => step(current + 1));
  box.addEventListener('keydown', (event) => {
    const to = {
      ArrowLeft: current - 1,
      ArrowUp: current - 1,
      ArrowRight: current + 1,
      ArrowDown: current + 1,
      Home: 0,
      End: steps - 1,
    };
    if (event.altKey || event.ctrlKey || event.metaKey || !Object.hasOwn(to, event.key)) return;
    if (event.target instanceof Element && event.target.closest('.wide, .code') !== null) return;
    event.preventDefault();
    step(to[/** @type {keyof typeof to} */ (event.key)]);
  });
  const notes = timeline.notes.map((note) => element('p', { class: 'note' }, note));
  const scaleNote = timeline.axis.inProportion
    ? []
    : [element('p', { class: 'note' }, 'Widths grow with the logarithm of sizes.')];
  const zooms = [
    ['−', 'narrower', 0.5],
    ['+', 'wider', 2],
  ].map(([sign, what, by]) => {
    const button = element('button', { type: 'button', class: 'zoom', 'aria-label': `Draw it ${what}` }, String(sign));
    button.addEventListener('click', () => {
      const middle = (frame.scrollLeft + frame.clientWidth / 2) / Math.max(1, frame.scrollWidth);
      zoom = Math.min(32, Math.max(1, zoom * Number(by)));
      draw();
      frame.scrollLeft = middle * frame.scrollWidth - frame.clientWidth / 2;
    });
    return button;
  });
  const controls = element(
    'div',
    { class: 'steps', role: 'group', 'aria-label': 'Steps' },
    ...zooms,
    back,
    place,
    next,
  );
  const side = element('div', { class: 'side' }, about, details);
  const both = element('div', { class: 'both' }, frame, side);
  box.append(...(steps > 0 ? [controls] : []), both, legend(), ...scaleNote, ...notes);
  go(current);
  tell(null);
  new ResizeObserver(draw).observe(frame);
  draw();
}

/**
 * @param {Element} target
 */
function focusQuietly(target) {
  if (target instanceof HTMLElement || target instanceof SVGElement) target.focus({ preventScroll: true });
}

/**
 * Scrolls within the frame only.
 * @param {HTMLElement} frame
 * @param {SVGElement} row
 */
function revealRow(frame, row) {
  const [outer, inner] = [frame.getBoundingClientRect(), row.getBoundingClientRect()];
  if (inner.top < outer.top) frame.scrollTop -= outer.top - inner.top + 40;
  else if (inner.bottom > outer.bottom) frame.scrollTop += inner.bottom - outer.bottom + 40;
}
