// SPDX-License-Identifier: GPL-2.0-only
/** Text and tables as HTML. */

export function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

/** Data within a script element: nothing in it may end the element. */
export function embedded(data: unknown): string {
  return JSON.stringify(data).replaceAll('<', '\\u003c');
}

/** A cell that is HTML already, with a class of its own. */
export interface Cell {
  html: string;
  className?: string;
}

export const cell = (text: string, className?: string): Cell =>
  className === undefined ? { html: escapeHtml(text) } : { html: escapeHtml(text), className };

/** A table whose first column names its rows; it scrolls by itself where the screen is narrow. */
export function tableOf(caption: string, head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const heads = head.map((text) => `<th scope="col">${escapeHtml(text)}</th>`).join('');
  const body = rows.map((row) => {
    const cells = row.map(({ html, className }, i) => {
      const attributes = className === undefined ? '' : ` class="${className}"`;
      return i === 0 ? `<th scope="row"${attributes}>${html}</th>` : `<td${attributes}>${html}</td>`;
    });
    return `<tr>${cells.join('')}</tr>`;
  });
  const title = escapeHtml(caption);
  return `<div class="wide" role="region" tabindex="0" aria-label="${title}"><table><caption>${title}</caption><thead><tr>${heads}</tr></thead><tbody>${body.join('\n')}</tbody></table></div>`;
}
