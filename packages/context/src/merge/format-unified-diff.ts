import type { DiffLine, Hunk } from './diff-text.ts';

export interface DiffNames {
  readonly from: string;
  readonly to: string;
}

const SIGNS = { same: ' ', removed: '-', added: '+' } as const satisfies Record<DiffLine['kind'], string>;

/** A change in the unified format, as `git apply` and `patch` read it; an empty text when there are no hunks. */
export function formatUnifiedDiff(hunks: readonly Hunk[], { from, to }: DiffNames): string {
  if (hunks.length === 0) return '';
  return [`--- ${quoted(from)}\n`, `+++ ${quoted(to)}\n`, ...hunks.map(formatHunk)].join('');
}

function formatHunk({ fromStart, fromCount, toStart, toCount, lines }: Hunk): string {
  const head = `@@ -${range(fromStart, fromCount)} +${range(toStart, toCount)} @@\n`;
  return [head, ...lines.map(formatLine)].join('');
}

function range(start: number, count: number): string {
  return count === 1 ? `${start}` : `${start},${count}`;
}

function formatLine({ kind, text }: DiffLine): string {
  const line = `${SIGNS[kind]}${text}`;
  return text.endsWith('\n') ? line : `${line}\n\\ No newline at end of file\n`;
}

/** A name that holds a quote, a backslash or a control character stands in quotes, as git writes it. */
function quoted(name: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what a name must not hold as they are
  const special = /["\\\u0000-\u001f\u007f]/g;
  if (name.search(special) === -1) return name;
  return `"${name.replaceAll(special, escaped)}"`;
}

function escaped(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}
