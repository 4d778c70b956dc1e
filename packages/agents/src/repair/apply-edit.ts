/** One change of one file: the unit that a repair proposes, validates and shows. */
import type { OperatorName } from './candidates/repair-operator.ts';
import { tokenDistance } from './code-tokens.ts';

export interface Edit {
  readonly file: string;
  /** UTF-16 code units into the source, as `String.prototype.slice` counts; a byte order mark counts as one. */
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  readonly operator: OperatorName;
  /** The suspicious line that the edit answers, 1-based. */
  readonly line: number;
  /** The lines that change, whole, as they are and as they would be. */
  readonly before: string;
  readonly after: string;
  /** Tokens removed plus tokens added. */
  readonly size: number;
  /** How early the operator proposed it for its node: 0 is its best guess. */
  readonly rank: number;
  /** The part that the changed node plays in its parent (`condition`, `argument`, `left`), and what the change looks like. */
  readonly role: string;
  readonly form: string;
  /** 1 unless the code around speaks against the edit (less) or for it (more). */
  readonly plausibility: number;
}

/**
 * The source with the edit made; everything outside the edit stays byte for byte.
 *
 * @throws RangeError when the edit does not lie inside the source.
 * @example applyEdit('a < b', { start: 2, end: 3, replacement: '<=' }) // 'a <= b'
 */
export function applyEdit(source: string, edit: Pick<Edit, 'start' | 'end' | 'replacement'>): string {
  const { start, end, replacement } = edit;
  if (start < 0 || end < start || end > source.length) {
    throw new RangeError(`An edit of ${start}..${end} does not lie inside a source of ${source.length} code units.`);
  }
  return source.slice(0, start) + replacement + source.slice(end);
}

/** How much an edit changes, in tokens removed plus tokens added: `<` for `<=` is 2, a removed `!` is 1. */
export function editSize(edit: Pick<Edit, 'before' | 'after'>): number {
  return tokenDistance(edit.before, edit.after);
}
