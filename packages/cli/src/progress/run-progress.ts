import type { AttemptRef, RunEvent } from '@vltair/protocol';
import type { RunPlace, RunWatcher } from '@vltair/server';
import type { CommandContext } from '../command-context.ts';
import { oneLine } from '../render/terminal-text.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import { ProgressBoard, type BoardLine, type ProgressFrame } from './progress-board.ts';

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

/** Shows a run on stderr: in place on a terminal, line by line elsewhere, nothing with --quiet. */
export class RunProgress implements RunWatcher {
  readonly #board = new ProgressBoard();
  #view: ProgressView | undefined;
  #run: string | undefined;

  constructor({ host, output }: CommandContext) {
    const { stderr } = host;
    if (output.isQuiet) this.#view = undefined;
    else if (stderr.isTerminal && host.environment['TERM'] !== 'dumb')
      this.#view = new LiveView(this.#board, stderr, output.paintMessage, host.now);
    else this.#view = new PlainView(stderr, host.now);
  }

  /** The run that is shown, once it is known. */
  get run(): string | undefined {
    return this.#run;
  }

  located({ run, dataDirectory, note }: RunPlace): void {
    this.#run = run;
    this.#view?.note(`run ${run} in ${oneLine(dataDirectory)}`);
    if (note !== undefined) this.#view?.note(oneLine(note));
  }

  degraded(line: string): void {
    this.#view?.note(oneLine(line));
  }

  committed(events: readonly RunEvent[]): void {
    for (const event of events) {
      const turned = this.#board.committed(event);
      if (turned !== undefined) this.#view?.turned(turned);
    }
  }

  progress(_run: string, ref: AttemptRef, frame: ProgressFrame): void {
    const moved = this.#board.progress(ref, frame);
    if (moved !== undefined) this.#view?.moved(moved);
  }

  /** Nothing is shown from now on. */
  end(): void {
    this.#view?.end();
    this.#view = undefined;
  }
}
