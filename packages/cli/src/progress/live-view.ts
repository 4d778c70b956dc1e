import type { Sink } from '../host.ts';
import { fitted, type Paint } from '../render/terminal-text.ts';
import { boardText, symbolOf } from './board-text.ts';
import type { ProgressBoard } from './progress-board.ts';
import type { ProgressView } from './progress-view.ts';

const HIDE_CURSOR = '\u001b[?25l';
const SHOW_CURSOR = '\u001b[?25h';
/** To the beginning of the line `n` above, and everything from there on away. */
const rewind = (n: number): string => `${n > 0 ? `\u001b[${n}F` : '\r'}\u001b[0J`;

/** Ten times a second at most. */
const FRAME_MS = 100;
/** What is taller than the terminal cannot be redrawn. */
const MOST_LINES = 20;
/** So that elapsed times go on while nothing happens. */
const TICK_MS = 500;

/** Draws the board in place. The cursor comes back with {@link LiveView.end}, and when the process exits without it. */
export class LiveView implements ProgressView {
  readonly #board: ProgressBoard;
  readonly #sink: Sink;
  readonly #paint: Paint;
  readonly #now: () => number;
  readonly #ticker: NodeJS.Timeout;
  readonly #restore = (): void => this.#sink.write(SHOW_CURSOR);
  #due: NodeJS.Timeout | undefined;
  #drawnTs = 0;
  #height = 0;

  constructor(board: ProgressBoard, sink: Sink, paint: Paint, now: () => number) {
    this.#board = board;
    this.#sink = sink;
    this.#paint = paint;
    this.#now = now;
    this.#sink.write(HIDE_CURSOR);
    process.once('exit', this.#restore);
    this.#ticker = setInterval(() => this.#draw(), TICK_MS);
    this.#ticker.unref();
  }

  turned(): void {
    this.#drawSoon();
  }

  moved(): void {
    this.#drawSoon();
  }

  note(line: string): void {
    this.#sink.write(`${rewind(this.#height)}${line}\n`);
    this.#height = 0;
    this.#draw();
  }

  end(): void {
    clearInterval(this.#ticker);
    clearTimeout(this.#due);
    this.#draw();
    process.off('exit', this.#restore);
    this.#restore();
  }

  #drawSoon(): void {
    const wait = this.#drawnTs + FRAME_MS - this.#now();
    if (wait <= 0) return this.#draw();
    this.#due ??= setTimeout(() => this.#draw(), wait);
  }

  #draw(): void {
    clearTimeout(this.#due);
    this.#due = undefined;
    this.#drawnTs = this.#now();
    const lines = this.#board.lines
      .slice(-MOST_LINES)
      .map(
        (line) => `${symbolOf(line, this.#paint)} ${fitted(boardText(line, this.#drawnTs), this.#sink.columns - 3)}`,
      );
    this.#sink.write(`${rewind(this.#height)}${lines.map((line) => `${line}\n`).join('')}`);
    this.#height = lines.length;
  }
}
