// SPDX-License-Identifier: GPL-2.0-only
/** The report as one HTML page: style, script and data are in it, so that it needs no server and no network. */
import type { ReportData } from './gather.js';

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Data within a script element: nothing in it may end the element. */
function embedded(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

function table(rows: readonly (readonly string[])[], caption: string): string {
  const [head = [], ...body] = rows;
  const cells = (row: readonly string[], tag: string): string =>
    row.map((cell) => `<${tag}>${escapeHtml(cell)}</${tag}>`).join('');
  const lines = body.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('\n');
  return `<div class="wide"><table><caption>${escapeHtml(caption)}</caption><thead><tr>${cells(head, 'th')}</tr></thead><tbody>${lines}</tbody></table></div>`;
}

function coverageSection(data: ReportData): string {
  if (data.coverage.length === 0) return '<p>Not measured: run <code>npm run coverage</code> before the report.</p>';
  const rows = data.coverage.map(({ upstream, name, home, lines, reached }) => {
    const percent = lines === 0 ? 100 : Math.floor((100 * reached) / lines);
    const page = `coverage/${home}.html`;
    return `<tr><td>${percent} %</td><td><a href="${escapeHtml(page)}">${escapeHtml(name)}</a></td><td>${escapeHtml(upstream)}</td><td>${reached} of ${lines}</td></tr>`;
  });
  return `<div class="wide"><table><caption>Lines of each upstream function, worst first</caption><thead><tr><th>reached</th><th>function</th><th>upstream</th><th>lines</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
}

function figuresSection(data: ReportData): string {
  const names = Object.keys(data.figures);
  if (names.length === 0) return '<p>None: <code>npm run bench</code> and <code>npm run conform</code> leave them.</p>';
  return names
    .map((name) => `<h3>${escapeHtml(name)}</h3><pre>${escapeHtml(JSON.stringify(data.figures[name], null, 2))}</pre>`)
    .join('\n');
}

/** The page; `style` and `script` go into it as they are. */
export function pageOf(data: ReportData, style: string, script: string): string {
  const failed = data.tests.filter(({ result }) => result === 'not ok').length;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>vma-userland: report</title>
<style>
${style}
</style>
</head>
<body>
<header>
<h1>vma-userland</h1>
<p>Linux ${escapeHtml(data.kernel)}, ${data.tests.length} tests, ${failed} failed; ${escapeHtml(data.made)}</p>
<nav><a href="#tests">Tests</a> <a href="#review">Review</a> <a href="#coverage">Coverage</a> <a href="#figures">Figures</a></nav>
</header>
<main>
<section id="tests">
<h2>Tests</h2>
<div class="columns">
<div class="list">
<label for="find">Find a test</label>
<input id="find" type="search" placeholder="name" autocomplete="off">
<ul id="names"></ul>
</div>
<article id="shown" aria-live="polite"><p>Choose a test.</p></article>
</div>
</section>
<section id="review"><h2>Review of the mapped hook</h2>${table(data.review, 'Defect by revision: what the checked world reported')}</section>
<section id="coverage"><h2>Coverage</h2>${coverageSection(data)}</section>
<section id="figures"><h2>Figures</h2>${figuresSection(data)}</section>
</main>
<script type="application/json" id="data">${embedded(data.tests)}</script>
<script>
${script}
</script>
</body>
</html>
`;
}
