import { failureOf, VltairError } from '@vltair/protocol';
import type { Clock } from '../ports/clock.ts';
import type { CommandRefusal, EventStore, InboxCommand } from '../ports/event-store.ts';
import { isRefusal } from './refusal.ts';

export interface InboxPorts {
  readonly store: EventStore;
  readonly clock: Clock;
  /** Those that are this process's to answer, oldest first. */
  readonly entries: (without: readonly string[]) => Promise<readonly InboxCommand[]>;
  /** Does what is asked for and removes the entry. Rejects with the catalogued reason when it is refused or cannot be done now. */
  readonly answer: (entry: InboxCommand) => Promise<void>;
  readonly warn: (warning: string) => void;
}

/** How often the store is asked whether anything has changed: a cancellation from outside takes at most this to be seen. */
const INTERVAL_MS = 25;
/** For so long a command that could not be answered here is left to other workers of a shared store. */
const WITHHELD_MS = 1_000;
/** How long an entry that had to wait waits at least. */
const PAUSE_MS = 100;

/**
 * Answers the commands that other processes put into the inbox, oldest first.
 *
 * I1 A command leaves the inbox when it was done or refused; its sender is told the reason. What fails for a reason of
 *    this process or its store (a full disk, a process that is ending, another owner) leaves it there.
 * I2 A command that cannot be answered does not keep the others waiting.
 * I3 One turn is under way at a time, and reads the inbox when the one before has ended: no command is answered twice.
 */
export class InboxWatch {
  readonly #ports: InboxPorts;
  readonly #warned = new Set<string>();
  /** On the monotonic clock: until when another worker of a shared store may try. */
  readonly #kept = new Map<string, { readonly until: number; readonly error: VltairError }>();
  #timer: { cancel(): void } | undefined;
  #turns: Promise<void> = Promise.resolve();
  /** What the store said before the last turn; `undefined` when the inbox has to be read again in any case. */
  #seen: number | undefined;
  #stopped = false;

  constructor(ports: InboxPorts) {
    this.#ports = ports;
    this.#wait(INTERVAL_MS);
  }

  /** Begins no turn any more. Resolves when the one that is under way has ended. */
  stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    return this.#turns;
  }

  /** Answers, without waiting for the next turn, what is in the inbox now. */
  turn(): Promise<void> {
    this.#turns = this.#turns.then(() => this.#take());
    return this.#turns;
  }

  #wait(milliseconds: number): void {
    if (this.#stopped) return;
    this.#timer = this.#ports.clock.after(milliseconds, () => {
      void this.#turnWhenChanged().finally(() => this.#wait(this.#seen === undefined ? PAUSE_MS : INTERVAL_MS));
    });
  }

  async #turnWhenChanged(): Promise<void> {
    if (this.#seen === undefined || this.#changes() !== this.#seen) await this.turn();
  }

  #changes(): number | undefined {
    try {
      return this.#ports.store.changes();
    } catch (error) {
      this.#warn('the inbox', error);
      return undefined;
    }
  }

  async #take(): Promise<void> {
    if (this.#stopped) return;
    const changes = this.#changes();
    try {
      const entries = await this.#ports.entries(this.#withheld()); // not-a-port: the runtime above
      let hasKept = false;
      for (const entry of entries) hasKept = (await this.#answer(entry)) === 'kept' || hasKept;
      this.#seen = hasKept ? undefined : changes;
    } catch (error) {
      this.#seen = undefined; // it is read again at the next turn
      this.#warn('the inbox', error);
    }
  }

  /** I2. */
  #withheld(): readonly string[] {
    const now = this.#ports.clock.monotonic();
    for (const [id, { until }] of this.#kept) if (until <= now) this.#kept.delete(id);
    return [...this.#kept.keys()];
  }

  async #answer(entry: InboxCommand): Promise<'done' | 'kept'> {
    if (this.#stopped) return 'kept';
    const { store, clock } = this.#ports;
    try {
      await this.#ports.answer(entry);
      return 'done';
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal === undefined)
        this.#keep(entry.id, error); // I1
      else await store.answer([{ id: entry.id, ts: clock.now(), refusal }]);
      return refusal === undefined ? 'kept' : 'done';
    }
  }

  #keep(id: string, why: unknown): void {
    const error = why instanceof VltairError ? why : new VltairError('internal/unexpected', { cause: why });
    this.#kept.set(id, { until: this.#ports.clock.monotonic() + WITHHELD_MS, error });
    this.#warn(`command ${id}`, why);
  }

  /** Why a command that was tried a moment ago could not be answered. */
  keptBecause(id: string): VltairError | undefined {
    return this.#kept.get(id)?.error;
  }

  #warn(what: string, error: unknown): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    this.#ports.warn(`${what} has to wait: ${failureOf(error).message}`);
  }
}

/** What the sender is told; `undefined` for what is no answer. */
function refusalOf(error: unknown): CommandRefusal | undefined {
  if (!isRefusal(error)) return undefined; // I1
  return { reason: error.reason, message: error.message, where: error.where };
}
