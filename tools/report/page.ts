// SPDX-License-Identifier: GPL-2.0-only
/** The report as one HTML page: style, scripts and data are in it, so that it needs no server and no network. */
import type { ProjectData, ReportData } from './data.js';
import { embedded, escapeHtml } from './html.js';
import { bugsSection, coverageSection, figuresSection, reviewSection } from './sections.js';

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
  return `<p class="verdict ${kind}">${tests.length} ${tests.length === 1 ? 'test' : 'tests'}: ${count('ok')} passed, ${failed} failed${more}</p>`;
}

const PROJECT_LINKS =
  '<a href="#tests">Tests</a> <a href="#review">Review</a> <a href="#bugs">Bugs</a> <a href="#coverage">Coverage</a> <a href="#figures">Figures</a> ';

/** What `?` shows; docs/report.md says more. */
const HELP = `<dialog id="help" aria-labelledby="help-head"><h2 id="help-head">How to read this</h2>
<p>Each test is a timeline of its address space: a row for each change, addresses from left to right, older rows above.
Above a row stands the operation that made it. Bands lead from each VMA to what became of it.</p>
<p>Colour tells VMAs apart, a pattern tells what they allow: plain read, lines across write, upright lines execute, crosses
nothing. The switch below the search has colour tell access instead. The ribbon at the left has the locks held.</p>
<dl><dt>/</dt><dd>to the search</dd><dt>Enter</dt><dd>the first test found, its arrow keys ready</dd><dt>↑ ↓</dt><dd>from
test to test in the list</dd><dt>← → Home End</dt><dd>from step to step</dd><dt>Tab</dt><dd>through the VMAs and hook calls
of a step</dd><dt>?</dt><dd>this</dd></dl>
<form method="dialog"><button>Close</button></form></dialog>`;

function projectSections(project: ProjectData, tests: ReportData['tests']): string {
  return `<section id="review" aria-labelledby="review-head"><h2 id="review-head">Review of the mapped hook</h2>${reviewSection(project, tests)}</section>
<section id="bugs" aria-labelledby="bugs-head"><h2 id="bugs-head">Bugs of upstream's</h2>${bugsSection(project, tests)}</section>
<section id="coverage" aria-labelledby="coverage-head"><h2 id="coverage-head">Coverage</h2>${coverageSection(project)}</section>
<section id="figures" aria-labelledby="figures-head"><h2 id="figures-head">Figures</h2>${figuresSection(project)}</section>`;
}

/** The page; `style` and `script` go into it as they are. */
export function pageOf(data: ReportData, style: string, script: string): string {
  const { project } = data;
  const links = project === null ? '' : PROJECT_LINKS;
  const sections = project === null ? '' : projectSections(project, data.tests);
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
<body class="by-vma">
<a class="skip" href="#find">To the tests</a>
<header>
<h1>vma-userland</h1>
${verdictOf(data)}
<p class="made">${escapeHtml(data.of)}; Linux ${escapeHtml(data.kernel)}, made ${escapeHtml(data.made)} UTC</p>
<nav aria-label="Sections">${links}<button type="button" id="keys" aria-keyshortcuts="?">How to read this (?)</button></nav>
${HELP}
</header>
<main>
<section id="tests" aria-labelledby="tests-head">
<h2 id="tests-head">Tests</h2>
<div class="columns">
<div class="list">
<label for="find">Find a test</label>
<input id="find" type="search" placeholder="part of its name" autocomplete="off" spellcheck="false" aria-describedby="count" aria-controls="names">
<div id="filters" class="filters" role="group" aria-label="Which tests"></div>
<div id="colours" class="filters" role="group" aria-label="What colours tell"><button type="button" value="vma" aria-pressed="true">colour: VMA</button><button type="button" value="access" aria-pressed="false">colour: access</button></div>
<p id="count" class="count" role="status"></p>
<ul id="names" aria-label="Tests"></ul>
</div>
<article id="shown" tabindex="-1" aria-label="The chosen test"><p class="empty">Choose a test.</p></article>
</div>
</section>
${sections}
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
