// SPDX-License-Identifier: GPL-2.0-only
/** The imports of a translated file: what its text mentions, a class that is never made as a type. */
import { portApi } from './port_api.js';

/** As biome sorts the names of an import: letter by letter, a capital before its small one. */
function byImportOrder(a: string, b: string): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const [x = '', y = ''] = [a[i], b[i]];
    if (x === y) continue;
    const [low, high] = [x.toLowerCase(), y.toLowerCase()];
    if (low !== high) return low < high ? -1 : 1;
    return x < y ? -1 : 1;
  }
  return a.length - b.length;
}

/** Is the name used as a type alone? */
function onlyType(name: string, body: string): boolean {
  const kind = portApi().entries.get(name)?.entry.kind;
  if (name === 'ErrPtr' || name === 'VmaTest' || kind === 'interface') return true;
  return kind === 'class' && !new RegExp(`\\b(?:new |as_a\\(|instanceof )${name}\\b`).test(body);
}

/** What the body uses of these names, by module. */
export function importLines(
  names: ReadonlySet<string>,
  body: string,
  places: Readonly<Record<string, string>>,
  helpers: ReadonlyMap<string, string>,
): string {
  const { entries } = portApi();
  const modules = new Map<string, string[]>();
  const all = [...names, ...helpers.keys(), ...(/^\s*test\(/m.test(body) ? ['test'] : [])];
  for (const name of new Set(all)) {
    // A statement that was given up had asked for names as well.
    if (!new RegExp(`(?<![\\w.$'"])${name.replace('$', '\\$')}\\b(?!['"])`).test(body)) continue;
    const named = name === 'ErrPtr' ? 'vma-userland' : (entries.get(name)?.module ?? 'vma-userland');
    const module = helpers.get(name) ?? places[named] ?? named;
    modules.set(module, [...(modules.get(module) ?? []), name]);
  }
  const lines = [...modules]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([module, list]) => {
      const shown = list.sort(byImportOrder).map((name) => (onlyType(name, body) ? `type ${name}` : name));
      return `import { ${shown.join(', ')} } from '${module}';`;
    });
  return `${lines.join('\n')}\n`;
}
