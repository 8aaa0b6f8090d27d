// SPDX-License-Identifier: GPL-2.0-only
// Runs in the page of the report: finds tests, steps through their timelines, draws address spaces.
const tests = JSON.parse(document.getElementById('data').textContent);
const names = document.getElementById('names');
const shown = document.getElementById('shown');
const find = document.getElementById('find');
const SVG = 'http://www.w3.org/2000/svg';
const COLOURS = { r: '#4f7cac', w: '#c8803d', x: '#8a5aa8', s: '#3f8f6b' };

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

function drawn(tag, attributes, title) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  if (title) {
    const tip = document.createElementNS(SVG, 'title');
    tip.textContent = title;
    made.append(tip);
  }
  return made;
}

function classOf(result) {
  return result === 'ok' ? 'ok' : result === 'not ok' ? 'bad' : 'none';
}

function list() {
  const wanted = find.value.toLowerCase();
  names.replaceChildren(
    ...tests
      .map((test, i) => ({ test, i }))
      .filter(({ test }) => test.name.toLowerCase().includes(wanted))
      .map(({ test, i }) => {
        const time = test.milliseconds === null ? '' : `${test.milliseconds.toFixed(0)} ms`;
        const button = element(
          'button',
          { class: classOf(test.result) },
          element('span', { class: 'time' }, time),
          test.name,
        );
        button.addEventListener('click', () => show(i, button));
        return element('li', {}, button);
      }),
  );
}

/** Every address at which something begins or ends, each gap between two of them a column: wide ones are cut short. */
function axisOf(steps) {
  const points = [...new Set(steps.flatMap((step) => step.vmas.flatMap((vma) => [vma.start, vma.end])))].sort(
    (a, b) => a - b,
  );
  const places = new Map();
  let x = 0;
  points.forEach((point, i) => {
    if (i > 0) x += Math.min(6, 1 + Math.log2((point - points[i - 1]) / 4096 + 1));
    places.set(point, x);
  });
  const scale = x === 0 ? 1 : 900 / x;
  return (address) => 20 + places.get(address) * scale;
}

function colourOf(vma) {
  if (vma.access[3] === 's') return COLOURS.s;
  if (vma.access[2] === 'x') return COLOURS.x;
  return vma.access[1] === 'w' ? COLOURS.w : COLOURS.r;
}

function titleOf(vma) {
  const range = `0x${vma.start.toString(16)}-0x${vma.end.toString(16)}`;
  return `${range} pgoff 0x${vma.pgoff.toString(16)} ${vma.access} flags ${vma.flags}${vma.hasFile ? ' file' : ''}${vma.hasAnonVma ? ' anon_vma' : ''}`;
}

/** The steps up to this one, the newest at the bottom, what overlaps from one to the next connected. */
function timeline(steps, current) {
  const first = Math.max(0, current - 5);
  const rows = steps.slice(first, current + 1);
  const at = axisOf(steps);
  const height = rows.length * 46 + 24;
  const svg = drawn('svg', {
    viewBox: `0 0 940 ${height}`,
    role: 'img',
    'aria-label': `address space, step ${current + 1}`,
  });
  rows.forEach((step, i) => {
    const y = 22 + i * 46;
    const label = drawn('text', { x: 4, y: y - 5 });
    label.textContent = `${first + i + 1}. ${step.at}`;
    svg.append(label);
    for (const vma of step.vmas) {
      const [x, end] = [at(vma.start), at(vma.end)];
      const before = i > 0 ? rows[i - 1].vmas : [];
      for (const old of before.filter((one) => one.start < vma.end && vma.start < one.end)) {
        const [left, right] = [Math.max(x, at(old.start)), Math.min(end, at(old.end))];
        svg.append(
          drawn('rect', {
            x: left,
            y: y - 24,
            width: Math.max(1, right - left),
            height: 24,
            fill: colourOf(vma),
            opacity: 0.18,
          }),
        );
      }
      svg.append(
        drawn('rect', { x, y, width: Math.max(2, end - x - 1), height: 20, rx: 2, fill: colourOf(vma) }, titleOf(vma)),
      );
    }
  });
  return svg;
}

function hookList(hooks) {
  return hooks.map((call) =>
    element(
      'details',
      { class: 'hook' },
      element('summary', {}, `${call.hook}() returned ${call.returned}`),
      element('pre', {}, call.args.join('\n')),
    ),
  );
}

function showPart(part, box) {
  let current = part.steps.length - 1;
  const picture = element('div', { class: 'picture' });
  const place = element('span', { class: 'place' });
  const calls = element('div', { class: 'calls' });
  const draw = () => {
    place.textContent = `step ${current + 1} of ${part.steps.length}`;
    picture.replaceChildren(timeline(part.steps, current));
    calls.replaceChildren(...hookList(part.hooks.filter((call) => call.step === current)));
  };
  const step = (by) => {
    current = Math.min(part.steps.length - 1, Math.max(0, current + by));
    draw();
  };
  const back = element('button', { type: 'button', class: 'back' }, '← before');
  const next = element('button', { type: 'button', class: 'next' }, 'after →');
  back.addEventListener('click', () => step(-1));
  next.addEventListener('click', () => step(1));
  box.addEventListener('keydown', (event) => {
    if (event.key === 'ArrowLeft') step(-1);
    else if (event.key === 'ArrowRight') step(1);
  });
  if (part.name.includes(' > ')) box.append(element('h3', {}, part.name.slice(part.name.indexOf(' > ') + 3)));
  box.append(...part.failures.map((text) => element('pre', {}, text)));
  if (part.steps.length > 0) {
    box.append(element('div', { class: 'steps' }, back, place, next), picture, calls);
    draw();
  }
}

function show(i, button) {
  for (const other of names.querySelectorAll('[aria-current]')) other.removeAttribute('aria-current');
  button.setAttribute('aria-current', 'true');
  const test = tests[i];
  const boxes = test.parts.map((part) => {
    const box = element('section', { class: 'part' });
    showPart(part, box);
    return box;
  });
  shown.replaceChildren(
    element('h2', { class: classOf(test.result) }, test.name),
    ...(boxes.length > 0 ? boxes : [element('p', {}, 'This test has no address space to show.')]),
  );
}

find.addEventListener('input', list);
list();
