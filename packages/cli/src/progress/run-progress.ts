import type { AttemptRef, RunEvent } from '@vltair/protocol';
import type { RunPlace, RunWatcher } from '@vltair/server';
import type { CommandContext } from '../command-context.ts';
import { oneLine, type Clean } from '../render/terminal-text.ts';
import { LiveView } from './live-view.ts';
import { PlainView } from './plain-view.ts';
import { ProgressBoard, type ProgressFrame } from './progress-board.ts';
import type { ProgressView } from './progress-view.ts';

/** Shows a run on stderr: in place on a terminal, line by line elsewhere, nothing with --quiet. */
export class RunProgress implements RunWatcher {
  readonly #board = new ProgressBoard();
  #view: ProgressView | undefined;
  /** What came before the run was introduced. */
  readonly #early: RunEvent[] = [];
  readonly #clean: Clean;
  #run: string | undefined;
  #owner: string | undefined;

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

  /** The other process that works on it, if one does. */
  get owner(): string | undefined {
    return this.#owner;
  }

  /** Called again when another process begins to work on it. */
  located({ run, store, note, owner }: RunPlace): void {
    const isNew = this.#run !== run;
    this.#run = run;
    this.#owner = owner;
    if (isNew) this.#note(`run ${run} in ${store}`);
    if (note !== undefined) this.#note(note);
    this.committed(this.#early.splice(0));
  }

  degraded(line: string): void {
    this.#note(line);
  }

  /** The process may work on other runs as well. */
  committed(events: readonly RunEvent[]): void {
    for (const event of events) {
      if (this.#run === undefined) this.#early.push(event);
      const turned = event.run === this.#run ? this.#board.committed(event) : undefined;
      if (turned !== undefined) this.#view?.turned(turned);
    }
  }

  progress(run: string, ref: AttemptRef, frame: ProgressFrame): void {
    if (run !== this.#run) return;
    const moved = this.#board.progress(ref, { ...frame, message: this.#clean(frame.message) });
    if (moved !== undefined) this.#view?.moved(moved);
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
