import type { Sink } from '../host.ts';
import { painter } from '../render/terminal-text.ts';
import { boardText, symbolOf } from './board-text.ts';
import type { BoardLine } from './progress-board.ts';
import type { ProgressView } from './progress-view.ts';

const PAUSE_MS = 5_000;
const plain = painter(false);

/** For logs: a line when a node begins or ends, and at most one every five seconds in between. */
export class PlainView implements ProgressView {
  readonly #sink: Sink;
  readonly #now: () => number;
  #spoke: number;

  constructor(sink: Sink, now: () => number) {
    this.#sink = sink;
    this.#now = now;
    this.#spoke = now();
  }

  turned(line: BoardLine): void {
    this.#say(line);
  }

  moved(line: BoardLine): void {
    if (this.#now() - this.#spoke >= PAUSE_MS) this.#say(line);
  }

  note(line: string): void {
    this.#sink.write(`${line}\n`);
  }

  end(): void {}

  #say(line: BoardLine): void {
    this.#spoke = this.#now();
    this.note(`${symbolOf(line, plain)} ${boardText(line, this.#spoke)}`);
  }
}
