/** Names that are longer than this are not compared: the work grows with the square of the length. */
const LONGEST = 100;

/** The known name that was probably meant: few letters differ. Ties go to the first. */
export function nearestName(name: string, known: Iterable<string>): string | undefined {
  const most = name.length <= 3 ? 1 : name.length <= 6 ? 2 : 3;
  let nearest: string | undefined;
  let least = most + 1;
  for (const candidate of known) {
    if (Math.max(name.length, candidate.length) > LONGEST) continue;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (distance < least && distance < Math.max(name.length, candidate.length)) {
      nearest = candidate;
      least = distance;
    }
  }
  return nearest;
}

/** Letters to insert, remove, replace, or swap with their neighbour (optimal string alignment). */
function editDistance(left: string, right: string): number {
  let before: readonly number[] = [];
  let row: readonly number[] = Array.from({ length: right.length + 1 }, (_, column) => column);
  for (let line = 1; line <= left.length; line += 1) {
    const next = [line];
    for (let column = 1; column <= right.length; column += 1) {
      const differs = left[line - 1] === right[column - 1] ? 0 : 1;
      const isSwap = left[line - 1] === right[column - 2] && left[line - 2] === right[column - 1];
      next[column] = Math.min(
        (row[column] ?? 0) + 1,
        (next[column - 1] ?? 0) + 1,
        (row[column - 1] ?? 0) + differs,
        isSwap && line > 1 && column > 1 ? (before[column - 2] ?? 0) + 1 : Infinity,
      );
    }
    before = row;
    row = next;
  }
  return row[right.length] ?? 0;
}
