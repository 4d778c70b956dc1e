import type { Clock } from '../ports/clock.ts';
import type { EventStore, RunRow } from '../ports/event-store.ts';

export interface RowPorts {
  readonly store: Pick<EventStore, 'run'>;
  readonly clock: Clock;
  /** Hears how a run that something here goes on for stands in the store. */
  readonly seen: (row: RunRow) => Promise<void>;
}

/** One that something here goes on for. */
interface Watched {
  readonly reasons: number;
  /** It was there at the last look: what is over sooner than that is never looked at. */
  readonly isOld: boolean;
}

const INTERVAL_MS = 1_000;

/**
 * Looks now and then at how runs stand in the store, for as long as something of them goes on here: another worker may
 * have brought the run to its end that somebody here waits for, or have taken over the one that is at work here.
 */
export class RowWatch {
  readonly #ports: RowPorts;
  readonly #watched = new Map<string, Watched>();
  #timer: { cancel(): void } | undefined;
  #isLooking = false;
  #stopped = false;

  constructor(ports: RowPorts) {
    this.#ports = ports;
  }

  /** Does something for the run, and watches over the run meanwhile. */
  async during<T>(run: string, doing: () => Promise<T>): Promise<T> {
    const { reasons = 0, isOld = false } = this.#watched.get(run) ?? {};
    this.#watched.set(run, { reasons: reasons + 1, isOld });
    this.#wait();
    return await doing().finally(() => this.#leave(run)); // not-a-port: a promise of the runtime above
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #leave(run: string): void {
    const { reasons = 1, isOld = false } = this.#watched.get(run) ?? {};
    if (reasons > 1) this.#watched.set(run, { reasons: reasons - 1, isOld });
    else this.#watched.delete(run);
    if (this.#watched.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(): void {
    if (this.#stopped || this.#isLooking || this.#timer !== undefined || this.#watched.size === 0) return;
    this.#timer = this.#ports.clock.after(INTERVAL_MS, () => {
      this.#timer = undefined;
      void this.#turn().finally(() => this.#wait());
    });
  }

  async #turn(): Promise<void> {
    this.#isLooking = true;
    const old = [...this.#watched].filter(([, { isOld }]) => isOld);
    for (const [run, watched] of this.#watched) this.#watched.set(run, { ...watched, isOld: true });
    for (const [run] of old) if (!this.#stopped) await this.#look(run);
    this.#isLooking = false;
  }

  async #look(run: string): Promise<void> {
    try {
      const row = await this.#ports.store.run(run);
      if (row !== undefined && this.#watched.has(run)) await this.#ports.seen(row);
    } catch {
      // What cannot be read now is read at the next turn.
    }
  }
}
