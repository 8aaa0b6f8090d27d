// SPDX-License-Identifier: GPL-2.0-only
/**
 * Each detector has a test that makes it fire: every complaint that the sources of the checked world can make comes of
 * some test beside this one. They are run again here, with complaints written down.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript-5';
import { Reports } from '../../harness/checked/reports.js';
import { ROOT } from '../house/project.js';

const CHECKED = join(ROOT, 'harness/checked');

/** Texts of one source that become complaints: those that say first what the matter is, or go to complain() or a list. */
function textsOf(name: string): string[] {
  const source = ts.createSourceFile(name, readFileSync(join(CHECKED, name), 'utf8'), ts.ScriptTarget.Latest, true);
  const found: string[] = [];
  const visit = (node: ts.Node, complains: boolean): void => {
    const isCall =
      ts.isCallExpression(node) &&
      /\.complain$|\b(?:found|wrong|fields)\.(?:push|add)$/.test(node.expression.getText(source));
    const isText = ts.isTemplateExpression(node) || ts.isStringLiteralLike(node);
    if (isText) {
      const pattern = patternOf(node);
      if (complains || /^[a-z]+(?: [a-z]+)*: \S/.test(pattern)) found.push(pattern);
      return;
    }
    ts.forEachChild(node, (child) => visit(child, complains || isCall));
  };
  visit(source, false);
  return found;
}

/** A text with `*` for what is filled in. */
function patternOf(node: ts.TemplateExpression | ts.StringLiteralLike): string {
  if (!ts.isTemplateExpression(node)) return node.text;
  return node.head.text + node.templateSpans.map(({ literal }) => `*${literal.text}`).join('');
}

function matches(pattern: string, complaint: string): boolean {
  const escaped = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  // What begins in lower case without a matter ends a sentence that begins elsewhere.
  const begins = /^(?:[a-z]+(?: [a-z]+)*: |\*|[A-Z])/.test(pattern) ? '^' : '';
  return new RegExp(begins + escaped.join('.*'), 's').test(complaint);
}

const provoked = new Set<string>();
const { complain } = Reports.prototype;

function listen(): void {
  Reports.prototype.complain = function (text) {
    provoked.add(text);
    complain.call(this, text);
  };
}

listen();
const here = fileURLToPath(new URL('.', import.meta.url));
for (const name of readdirSync(here)) {
  if (!name.endsWith('.test.js') || name === basename(fileURLToPath(import.meta.url))) continue;
  // Another module than the one that may have run here before.
  await import(`./${name}?again`);
}

t.test('every complaint that there can be has come', async (t) => {
  Reports.prototype.complain = complain;
  const texts = readdirSync(CHECKED).flatMap((name) => textsOf(name).map((text) => `${name}: ${text}`));
  t.ok(texts.length > 60, `${texts.length} texts`);
  t.same(
    texts.filter((text) => ![...provoked].some((one) => matches(text.slice(text.indexOf(': ') + 2), one))),
    [],
  );
});
