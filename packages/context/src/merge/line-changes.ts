import { diffIndices } from 'node-diff3';
import { numberLines, tabulate, type LineNumbers } from './line-table.ts';
import { splitAtAnchors, type Piece } from './split-at-anchors.ts';

/** Lines of one text that others take the place of: `from` and `to` are where they begin in either text, counted from 0. */
export interface LineChange {
  readonly from: number;
  readonly removed: LineNumbers;
  readonly to: number;
  readonly added: LineNumbers;
}

/** How many lines one text has that the other has not. A line that is changed is one removed and one added. */
export interface ChangeSummary {
  readonly added: number;
  readonly removed: number;
}

/** Counts what lies between two texts. @throws VltairError `payload_too_large/text` beyond {@link TEXT_LIMITS} */
export function changeSummary(from: string, to: string): ChangeSummary {
  const [inFrom = [], inTo = []] = tabulate([from, to]).texts;
  return count(lineChanges(inFrom, inTo));
}

/** The same for lines, of which there may be any number. */
export function summarise(from: readonly string[], to: readonly string[]): ChangeSummary {
  const [inFrom = [], inTo = []] = numberLines([from, to]).texts;
  return count(lineChanges(inFrom, inTo));
}

/** What turns one text into another, in order; between two changes lies at least one line that stays. */
export function lineChanges(from: LineNumbers, to: LineNumbers): readonly LineChange[] {
  const changes: LineChange[] = [];
  const at = { from: 0, to: 0 };
  for (const piece of splitAtAnchors({ base: from, sides: [to] })) {
    for (const change of changesIn(piece)) {
      changes.push({ ...change, from: at.from + change.from, to: at.to + change.to });
    }
    at.from += piece.kind === 'same' ? piece.lines.length : piece.base.length;
    at.to += piece.kind === 'same' ? piece.lines.length : (piece.sides[0]?.length ?? 0);
  }
  return changes;
}

/** With places that are counted from where the piece begins. */
function changesIn(piece: Piece): readonly LineChange[] {
  if (piece.kind === 'same') return [];
  const [side = []] = piece.sides;
  if (piece.kind === 'whole') return [{ from: 0, removed: piece.base, to: 0, added: side }];
  return diffIndices([...piece.base], [...side]).map(({ buffer1, buffer1Content, buffer2, buffer2Content }) => ({
    from: buffer1[0],
    removed: buffer1Content,
    to: buffer2[0],
    added: buffer2Content,
  }));
}

function count(changes: readonly LineChange[]): ChangeSummary {
  return changes.reduce(
    ({ added, removed }, change) => ({
      added: added + change.added.length,
      removed: removed + change.removed.length,
    }),
    { added: 0, removed: 0 },
  );
}
