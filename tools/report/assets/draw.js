// SPDX-License-Identifier: GPL-2.0-only
// Draws a timeline: one address axis, a row for each step, what became of each VMA and which hooks were called between.

const GUTTER = 54;
/** Width of one lock in the ribbon at the left, and how many there is room for. */
const LOCK = 5;
const MOST_LOCKS = 5;
const OPERATION = 18;
/** Colours that VMAs are told apart by. */
const COLOURS = 8;
const MARGIN = 10;
const AXIS = 30;
const BAR = 26;
const LANE = 22;
const BETWEEN = 20;
const JOINT = 18;
/** Of the page's monospaced letters, at 12 pixels. */
const LETTER = 7.3;

/**
 * @typedef {{ row: number, group: SVGElement, what: 'vma', vma: import('../timeline.js').ShownVma }
 *   | { row: number, group: SVGElement, what: 'call', call: import('../../../harness/recorder.js').HookCall }} Item
 */

/**
 * @param {string} text
 * @returns {number}
 */
function textWidth(text) {
  return text.length * LETTER;
}

/**
 * @param {import('../../../harness/recorder.js').HookCall} call
 * @returns {string}
 */
function callText(call) {
  return `${call.hook}(${call.args.join(', ')}) ${call.failed ? 'failed:' : 'returned'} ${call.returned}`;
}

/**
 * @param {import('../timeline.js').ShownVma} vma
 * @returns {string}
 */
function vmaText(vma) {
  const extras = `${vma.hasFile ? ', file' : ''}${vma.hasAnonVma ? ', anon_vma' : ''}`;
  return `VMA #${vma.id} ${rangeText(vma)} ${vma.access}, page offset ${hex(vma.pgoff)}${extras}: ${vma.became}`;
}

/**
 * Which colour a VMA has: what it allows most.
 * @param {import('../timeline.js').ShownVma} vma
 * @returns {string}
 */
function kindOf({ access }) {
  if (access[2] === 'x') return 'exec';
  if (access[1] === 'w') return 'write';
  return access[0] === 'r' ? 'read' : 'none';
}

/**
 * Which colour tells a VMA from others: each object has its own, as far as there are colours.
 * @param {import('../timeline.js').ShownVma} vma
 * @returns {string}
 */
function colourOf({ id }) {
  return `id-${id % COLOURS}`;
}

/**
 * The locks that are held at a step, as pieces of a ribbon.
 * @param {import('../timeline.js').Row} row
 * @param {readonly string[]} locks all that are ever held
 * @param {number} top
 * @param {number} bottom
 * @returns {SVGElement[]}
 */
function drawLocks(row, locks, top, bottom) {
  return locks.slice(0, MOST_LOCKS).flatMap((lock, i) => {
    if (!row.locks.includes(lock)) return [];
    const place = { x: 2 + i * LOCK, y: top, width: LOCK - 1, height: bottom - top };
    return [drawn('rect', { class: `lock lock-${i}`, ...place }, drawn('title', {}, `${lock} is held`))];
  });
}

/**
 * @param {ReturnType<typeof scaleOf>} scale
 * @param {number} height
 * @returns {SVGElement}
 */
function drawAxis(scale, height) {
  const group = drawn('g', { class: 'axis', 'aria-hidden': 'true' });
  let reached = 0;
  const tick = (/** @type {number} */ address, /** @type {boolean} */ isLast) => {
    const x = scale.at(address);
    group.append(drawn('line', { class: 'guide', x1: x, x2: x, y1: AXIS - 6, y2: height }));
    const text = hex(address);
    const half = textWidth(text) / 2;
    const middle = Math.min(Math.max(x, half + 2), scale.right + MARGIN - half);
    if (middle - half < reached || (!isLast && middle + half > lastLabel)) return;
    reached = middle + half + 10;
    group.append(drawn('text', { x: middle, y: 14, 'text-anchor': 'middle' }, text));
  };
  const last = scale.segments.at(-1);
  const lastLabel = last === undefined ? 0 : scale.right + MARGIN - textWidth(hex(last.end)) - 10;
  for (const segment of scale.segments) {
    tick(segment.start, false);
    if (!segment.cut) continue;
    const title = drawn('title', {}, `${rangeText(segment)}: ${plural(segment.pages, 'page')}, cut short`);
    const { x, width } = segment;
    group.append(
      drawn('rect', { class: 'cut', x, y: AXIS - 6, width, height: height - AXIS + 6 }, title),
      drawn('text', { class: 'cut-mark', x: x + width / 2, y: AXIS + 8, 'text-anchor': 'middle' }, '≈'),
    );
  }
  if (last !== undefined) tick(last.end, true);
  return group;
}

/**
 * Bands from each old VMA to the new ones that have its addresses, and triangles where none has.
 * @param {import('../timeline.js').Row} row
 * @param {import('../timeline.js').Row} before
 * @param {ReturnType<typeof scaleOf>} scale
 * @param {number} top
 * @param {number} bottom
 * @returns {SVGElement}
 */
function drawBands(row, before, scale, top, bottom) {
  const group = drawn('g', { class: 'bands', 'aria-hidden': 'true' });
  for (const { from, to, start, end } of row.links) {
    const [old, vma] = [before.vmas[from], row.vmas[to]];
    if (old === undefined || vma === undefined) continue;
    const [left, right] = [scale.at(start), scale.at(end)];
    const inset = Math.min(5, (right - left) / 3);
    // Where two come together, or part, their bands stand a little apart at that end.
    const apart = (/** @type {import('../timeline.js').Joint['kind']} */ kind, /** @type {number} */ address) =>
      row.joints.some((joint) => joint.kind === kind && (joint.start === address || joint.end === address)) ? inset : 0;
    const points = [
      [left + (start > old.start ? 0 : apart('merge', start)), top],
      [right - (end < old.end ? 0 : apart('merge', end)), top],
      [right - (end < vma.end ? 0 : apart('split', end)), bottom],
      [left + (start > vma.start ? 0 : apart('split', start)), bottom],
    ];
    group.append(
      drawn('polygon', {
        class: `band ${kindOf(vma)} ${colourOf(vma)}`,
        points: points.map((point) => point.join()).join(' '),
      }),
    );
  }
  for (const range of row.gone) {
    const [left, right] = [scale.at(range.start), scale.at(range.end)];
    const tip = top + Math.min(BETWEEN, bottom - top) * 0.8;
    const points = `${left},${top} ${right},${top} ${(left + right) / 2},${tip}`;
    group.append(drawn('polygon', { class: 'gone', points }, drawn('title', {}, `${rangeText(range)} unmapped`)));
  }
  return group;
}

/**
 * A fork where a VMA was split, two lines that meet where two were merged.
 * @param {import('../timeline.js').Joint} joint
 * @param {ReturnType<typeof scaleOf>} scale
 * @param {number} top
 * @param {number} bottom
 * @param {Set<number>} taken
 * @returns {SVGElement}
 */
function drawJoint({ kind, start, end }, scale, top, bottom, taken) {
  const [left, right] = start === end ? [scale.at(start) - 5, scale.at(start) + 5] : [scale.at(start), scale.at(end)];
  const middle = (left + right) / 2;
  const high = bottom - JOINT;
  const path =
    kind === 'split'
      ? `M${middle},${top}V${high}L${left},${bottom}M${middle},${high}L${right},${bottom}`
      : `M${left},${top}L${middle},${top + JOINT}M${right},${top}L${middle},${top + JOINT}V${bottom}`;
  const address = start === end ? hex(start) : rangeText({ start, end });
  const group = drawn(
    'g',
    { class: `joint ${kind}` },
    drawn('path', { d: path }),
    drawn('title', {}, `${kind} at ${address}`),
  );
  const place = Math.round(middle / (textWidth('merge') + 8));
  if (!taken.has(place)) {
    taken.add(place);
    const y = kind === 'split' ? bottom - 5 : bottom - JOINT + 9;
    const beside =
      middle + textWidth(kind) + 14 > scale.right ? { x: left - 5, 'text-anchor': 'end' } : { x: right + 5 };
    group.append(drawn('text', { class: 'over', y, ...beside }, kind));
  }
  return group;
}

/**
 * A bracket over the addresses of a call, with its name and what it returned.
 * @param {import('../../../harness/recorder.js').HookCall} call
 * @param {ReturnType<typeof scaleOf>} scale
 * @param {number} y
 * @returns {SVGElement}
 */
function drawCall(call, scale, y) {
  const label = call.failed || call.returned !== 'nothing' ? `${call.hook}() = ${call.returned}` : `${call.hook}()`;
  const most = Math.floor((scale.right - GUTTER) / LETTER) - 2;
  const text = label.length > most ? `${label.slice(0, most - 1)}…` : label;
  const group = drawn(
    'g',
    { class: `item call${call.failed ? ' failed' : ''}`, role: 'button', tabindex: -1, 'aria-label': callText(call) },
    drawn('title', {}, callText(call)),
  );
  const { range } = call;
  const [left, right] = range === null ? [GUTTER, GUTTER] : [scale.at(range.start), scale.at(range.end)];
  const middle = y + LANE / 2;
  const width = textWidth(text) + 8;
  const [before, after] = [left - GUTTER >= width, scale.right + MARGIN - right >= width];
  const place = after
    ? { x: right + 7 }
    : before
      ? { x: left - 7, 'text-anchor': 'end' }
      : { x: Math.max(GUTTER + 8, Math.min((left + right) / 2, scale.right - width)), 'text-anchor': 'start' };
  const edge = 'text-anchor' in place && place['text-anchor'] === 'end' ? place.x - width : place.x;
  const from = Math.min(left, edge) - 3;
  const hit = { x: from, y: y + 1, width: Math.max(right, edge + width) - from + 3, height: LANE - 2, rx: 4 };
  group.append(drawn('rect', { class: 'hit', ...hit }));
  if (range === null) group.append(drawn('circle', { class: 'mark', cx: left, cy: middle, r: 3.5 }));
  else {
    const path = `M${left + 1},${middle - 5}v10M${left + 1},${middle}H${right - 1}M${right - 1},${middle - 5}v10`;
    group.append(drawn('path', { class: 'bracket', d: path }));
    if (range.at !== null) {
      const x = scale.at(range.at);
      group.append(drawn('path', { class: 'mark', d: `M${x},${middle - 6}l5,6l-5,6l-5,-6z` }));
    }
  }
  group.append(drawn('text', { class: 'over', y: middle + 4, ...place }, text));
  return group;
}

/**
 * @param {import('../timeline.js').ShownVma} vma
 * @param {ReturnType<typeof scaleOf>} scale
 * @param {number} y
 * @returns {SVGElement}
 */
function drawVma(vma, scale, y) {
  const [x, end] = [scale.at(vma.start), scale.at(vma.end)];
  const width = Math.max(3, end - x - 1.5);
  const box = { x: x + 0.75, y, width, height: BAR, rx: Math.min(4, width / 3) };
  const group = drawn(
    'g',
    {
      class: `item vma ${kindOf(vma)} ${colourOf(vma)}${vma.changed ? ' changed' : ''}`,
      role: 'button',
      tabindex: -1,
      'aria-label': vmaText(vma),
    },
    drawn('title', {}, [vmaText(vma), ...vma.fields.map(([name, value]) => `${name} ${value}`)].join('\n')),
    drawn('rect', { class: 'bar', ...box }),
    drawn('rect', { class: 'access', fill: `url(#access-${kindOf(vma)})`, ...box }),
  );
  if (vma.access[3] === 's') group.append(drawn('rect', { class: 'shared', fill: 'url(#stripes)', ...box }));
  if (vma.hasFile)
    group.append(
      drawn('rect', { class: 'file', x: x + 3, y: y + BAR - 5, width: Math.max(1, width - 4.5), height: 3 }),
    );
  if (vma.hasAnonVma && width > 12)
    group.append(drawn('circle', { class: 'anon', cx: x + width - 6, cy: y + 7, r: 3 }));
  const texts = [`${vma.access} #${vma.id}`, vma.access, `#${vma.id}`];
  const text = texts.find((one) => textWidth(one) + 14 < width);
  if (text !== undefined) group.append(drawn('text', { x: x + width / 2, y: y + 17, 'text-anchor': 'middle' }, text));
  return group;
}

/** Stripes that shared mappings have. All pictures refer to these, which must not be in one that is hidden. */
function stripes() {
  const line = drawn('path', { d: 'M0,8L8,0M-2,2L2,-2M6,10L10,6', class: 'stripe' });
  const pattern = drawn('pattern', { id: 'stripes', width: 8, height: 8, patternUnits: 'userSpaceOnUse' }, line);
  const access = (/** @type {string} */ kind, /** @type {string} */ d) =>
    drawn(
      'pattern',
      { id: `access-${kind}`, width: 10, height: 10, patternUnits: 'userSpaceOnUse' },
      drawn('path', { d, class: 'texture' }),
    );
  const defs = drawn(
    'defs',
    {},
    pattern,
    access('read', ''),
    access('write', 'M0,2.5H10M0,7.5H10'),
    access('exec', 'M2.5,0V10M7.5,0V10'),
    access('none', 'M0,0L10,10M10,0L0,10'),
  );
  return drawn('svg', { class: 'patterns', width: 0, height: 0, 'aria-hidden': 'true' }, defs);
}

/**
 * @param {import('../timeline.js').ShownTimeline} timeline
 * @param {number} available width of the page, in pixels
 * @returns {{ svg: SVGElement, rows: SVGElement[], items: Item[] }}
 */
function drawTimeline(timeline, available) {
  const scale = scaleOf(timeline.axis, GUTTER, available - GUTTER - MARGIN);
  const width = Math.max(available, scale.right + MARGIN);
  const svg = drawn('svg', { class: 'timeline', width, role: 'group', 'aria-label': 'Address space, step by step' });
  /** @type {Item[]} */
  const items = [];
  const bands = drawn('g');
  let y = AXIS;
  const lanes = (
    /** @type {import('../../../harness/recorder.js').HookCall[]} */ calls,
    /** @type {number} */ row,
    /** @type {SVGElement} */ into,
  ) => {
    for (const call of calls) {
      const group = drawCall(call, scale, y);
      into.append(group);
      items.push({ row, group, what: 'call', call });
      y += LANE;
    }
  };
  const locks = [...new Set(timeline.rows.flatMap((row) => row.locks))];
  const rows = timeline.rows.map((row, i) => {
    const top = y;
    const before = timeline.rows[i - 1];
    const group = drawn('g', { class: 'row' });
    y += before === undefined ? 4 : BETWEEN / 2;
    const calls = drawn('g');
    lanes(row.calls, i, calls);
    if (before !== undefined) y += BETWEEN / 2 + (row.joints.length > 0 ? JOINT : 0);
    if (before !== undefined) {
      const taken = new Set();
      bands.append(drawBands(row, before, scale, top, y));
      bands.append(...row.joints.map((joint) => drawJoint(joint, scale, top, y, taken)));
    }
    if (row.operation !== null) {
      const most = Math.max(8, Math.floor((width - GUTTER - MARGIN) / LETTER));
      const text = row.operation.length > most ? `${row.operation.slice(0, most - 1)}…` : row.operation;
      y += OPERATION;
      group.append(
        drawn('text', { class: 'operation over', x: GUTTER, y: y - 6 }, text, drawn('title', {}, row.operation)),
      );
    }
    group.append(...drawLocks(row, locks, top, y + BAR));
    group.append(drawn('rect', { class: 'ground', x: 2 + MOST_LOCKS * LOCK, y: y - 4, width, height: BAR + 8 }), calls);
    group.append(
      drawn('text', { class: 'ordinal', x: GUTTER - 14, y: y + 17, 'text-anchor': 'middle' }, String(i + 1)),
    );
    if (row.vmas.length === 0) {
      group.append(drawn('text', { class: 'nothing', x: GUTTER + 2, y: y + 17 }, 'nothing is mapped'));
    }
    for (const vma of row.vmas) {
      const bar = drawVma(vma, scale, y);
      group.append(bar);
      items.push({ row: i, group: bar, what: 'vma', vma });
    }
    y += BAR;
    return group;
  });
  const after = drawn('g');
  y += 8;
  lanes(timeline.callsAfter, Math.max(0, rows.length - 1), after);
  const height = y + 6;
  svg.setAttribute('height', String(height));
  svg.setAttribute('viewBox', `0 0 ${width} ${height}`);
  svg.append(drawAxis(scale, height), bands, ...rows, after);
  return { svg, rows, items };
}
