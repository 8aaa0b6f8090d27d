// SPDX-License-Identifier: GPL-2.0-only
/** The report as one HTML page: style, scripts and data are in it, so that it needs no server and no network. */
import type { ReportData } from './data.js';
import { embedded, escapeHtml } from './html.js';
import { coverageSection, figuresSection, reviewSection } from './sections.js';

/** By which a report is known. */
export const TITLE = '<title>vma-userland: report</title>';

/** "471 tests: 470 passed, 1 failed." and how it is to look. */
function verdictOf({ tests }: ReportData): string {
  const count = (state: string): number => tests.filter(({ result }) => result === state).length;
  const [failed, skipped, todo] = [count('not ok'), count('skip'), count('todo')];
  const rest = [
    [skipped, 'skipped'],
    [todo, 'to be done'],
  ] as const;
  const more = rest.flatMap(([number, what]) => (number === 0 ? [] : [`, ${number} ${what}`])).join('');
  const kind = failed === 0 ? 'ok' : 'bad';
  return `<p class="verdict ${kind}">${tests.length} tests: ${count('ok')} passed, ${failed} failed${more}</p>`;
}

/** The page; `style` and `script` go into it as they are. */
export function pageOf(data: ReportData, style: string, script: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
${TITLE}
<style>
${style}
</style>
</head>
<body>
<a class="skip" href="#find">To the tests</a>
<header>
<h1>vma-userland</h1>
${verdictOf(data)}
<p class="made">Linux ${escapeHtml(data.kernel)}, made ${escapeHtml(data.made)} UTC</p>
<nav aria-label="Sections"><a href="#tests">Tests</a> <a href="#review">Review</a> <a href="#coverage">Coverage</a> <a href="#figures">Figures</a></nav>
</header>
<main>
<section id="tests" aria-labelledby="tests-head">
<h2 id="tests-head">Tests</h2>
<div class="columns">
<div class="list">
<label for="find">Find a test</label>
<input id="find" type="search" placeholder="part of its name" autocomplete="off" spellcheck="false" aria-describedby="count" aria-controls="names">
<div id="filters" class="filters" role="group" aria-label="Which tests"></div>
<p id="count" class="count" role="status"></p>
<ul id="names" aria-label="Tests"></ul>
</div>
<article id="shown" tabindex="-1" aria-label="The chosen test"><p class="empty">Choose a test.</p></article>
</div>
</section>
<section id="review" aria-labelledby="review-head"><h2 id="review-head">Review of the mapped hook</h2>${reviewSection(data)}</section>
<section id="coverage" aria-labelledby="coverage-head"><h2 id="coverage-head">Coverage</h2>${coverageSection(data)}</section>
<section id="figures" aria-labelledby="figures-head"><h2 id="figures-head">Figures</h2>${figuresSection(data)}</section>
</main>
<noscript><p class="empty">Tests and timelines are drawn by a script in this page.</p></noscript>
<script type="application/json" id="data">${embedded(data.tests)}</script>
<script>
${script}
</script>
</body>
</html>
`;
}
