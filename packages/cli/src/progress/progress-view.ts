import type { BoardLine } from './progress-board.ts';

/** How a board is shown while it changes. */
export interface ProgressView {
  /** A line has begun or ended. */
  turned(line: BoardLine): void;
  /** A line says something new. */
  moved(line: BoardLine): void;
  /** Prints a line of its own above what is shown. */
  note(line: string): void;
  /** Leaves the terminal as it was found. */
  end(): void;
}
