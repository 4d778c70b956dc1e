/** A stretch of a source, in UTF-16 code units. Sections that stand together lie edge to edge and cover their whole. */
export interface Section {
  readonly start: number;
  readonly end: number;
  readonly symbol: string | undefined;
  /** Cover the same stretch, for when it is too large for one chunk. */
  readonly members: readonly Section[];
}

/** What a parser found: a statement, a member. Between marks lie comments and blanks. */
export interface Mark {
  readonly start: number;
  readonly end: number;
  readonly symbol: string | undefined;
  readonly members: readonly Mark[];
}

/**
 * The sections that marks divide a stretch into, one per mark. What stands before a mark is its doc comment and belongs to
 * it; what follows it on its line, and blank lines, belong to it too. The first section begins and the last one ends with
 * the stretch.
 */
export function sectionsOf(text: string, marks: readonly Mark[], start: number, end: number): readonly Section[] {
  let from = start;
  return marks.map((mark, index) => {
    const next = marks[index + 1];
    const to = next === undefined ? end : cutBetween(text, mark.end, next.start);
    const section = { start: from, end: to, symbol: mark.symbol, members: sectionsOf(text, mark.members, from, to) };
    from = to;
    return section;
  });
}

/** At the start of the first line after a mark that is not blank; where there is none before the next mark, at its end. */
function cutBetween(text: string, end: number, next: number): number {
  const rest = text.slice(end, next);
  const restOfLine = /^[^\n]*\n(?:[^\S\n]*\n)*/.exec(rest)?.[0].length ?? 0;
  return end + restOfLine;
}
