/** Offsets and lines of one source. Offsets are UTF-16 code units, lines are 1-based and end with `\n` (a `\r` before it stays in the line). */
export class LineIndex {
  readonly #starts: readonly number[];
  readonly #source: string;

  constructor(source: string) {
    const starts = [0];
    for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#starts = starts;
    this.#source = source;
  }

  get count(): number {
    return this.#starts.length;
  }

  /** The line that holds an offset. */
  lineAt(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** Where a line begins; past the last line, the end of the source. */
  startOf(line: number): number {
    return this.#starts[line - 1] ?? this.#source.length;
  }

  /** Where a line ends, its `\r\n` or `\n` left out. */
  endOf(line: number): number {
    const next = this.#starts[line];
    if (next === undefined) return this.#source.length;
    return this.#source[next - 2] === '\r' ? next - 2 : next - 1;
  }

  textOf(line: number): string {
    return this.#source.slice(this.startOf(line), this.endOf(line));
  }
}
