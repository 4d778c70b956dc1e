import type { AttemptRef, RunEvent } from '@vltair/protocol';
import type { RunPlace, RunWatcher } from '@vltair/server';
import type { CommandContext } from '../command-context.ts';
import { oneLine, type Clean } from '../render/terminal-text.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import { ProgressBoard, type BoardLine, type ProgressFrame } from './progress-board.ts';
import type { ProgressView } from './progress-view.ts';

/** Shows a run on stderr: in place on a terminal, line by line elsewhere, nothing with --quiet. */
export class RunProgress implements RunWatcher {
  readonly #board = new ProgressBoard();
  #view: ProgressView | undefined;
  /** What came before the run was introduced. */
  readonly #early: BoardLine[] = [];
  readonly #clean: Clean;
  #run: string | undefined;

  constructor({ host, output }: CommandContext) {
    const { stderr } = host;
    this.#clean = output.clean;
    const now = (): number => host.now();
    if (output.isQuiet) this.#view = undefined;
    else if (stderr.isTerminal && host.environment['TERM'] !== 'dumb')
      this.#view = new LiveView(this.#board, stderr, output.paintMessage, now);
    else this.#view = new PlainView(stderr, now);
  }

  /** The run that is shown, once it is known. */
  get run(): string | undefined {
    return this.#run;
  }

  located({ run, dataDirectory, note }: RunPlace): void {
    this.#run = run;
    this.#note(`run ${run} in ${dataDirectory}`);
    if (note !== undefined) this.#note(note);
    for (const line of this.#early.splice(0)) this.#view?.turned(line);
  }

  degraded(line: string): void {
    this.#note(line);
  }

  committed(events: readonly RunEvent[]): void {
    for (const event of events) {
      const turned = this.#board.committed(event);
      if (turned === undefined) continue;
      if (this.#run === undefined) this.#early.push(turned);
      else this.#view?.turned(turned);
    }
  }

  progress(_run: string, ref: AttemptRef, frame: ProgressFrame): void {
    const moved = this.#board.progress(ref, { ...frame, message: this.#clean(frame.message) });
    if (moved !== undefined && this.#run !== undefined) this.#view?.moved(moved);
  }

  #note(line: string): void {
    this.#view?.note(oneLine(this.#clean(line)));
  }

  /** Nothing is shown from now on. */
  end(): void {
    this.#view?.end();
    this.#view = undefined;
  }
}
