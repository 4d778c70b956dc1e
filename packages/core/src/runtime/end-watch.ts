import type { Clock } from '../ports/clock.ts';
import { isEndStatus, type EventStore } from '../ports/event-store.ts';

export interface EndPorts {
  readonly store: Pick<EventStore, 'run'>;
  readonly clock: Clock;
  /** Hands the end of a run, which the store holds, to those who wait for it. */
  readonly tell: (run: string) => Promise<void>;
}

const INTERVAL_MS = 2_000;

/** Looks now and then whether runs that somebody waits for have ended: another worker may have brought them to their end. */
export class EndWatch {
  readonly #ports: EndPorts;
  readonly #awaited = new Map<string, number>();
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(ports: EndPorts) {
    this.#ports = ports;
  }

  /** Watches over the run until its end is there. */
  async during<T>(run: string, end: Promise<T>): Promise<T> {
    this.#awaited.set(run, (this.#awaited.get(run) ?? 0) + 1);
    this.#wait();
    return await end.finally(() => this.#leave(run)); // not-a-port: a promise of the runtime above
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #leave(run: string): void {
    const left = (this.#awaited.get(run) ?? 1) - 1;
    if (left === 0) this.#awaited.delete(run);
    else this.#awaited.set(run, left);
    if (this.#awaited.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #wait(): void {
    if (this.#stopped || this.#timer !== undefined || this.#awaited.size === 0) return;
    this.#timer = this.#ports.clock.after(INTERVAL_MS, () => {
      void this.#turn().finally(() => {
        this.#timer = undefined;
        this.#wait();
      });
    });
  }

  async #turn(): Promise<void> {
    for (const run of this.#awaited.keys()) {
      try {
        const row = await this.#ports.store.run(run);
        if (row !== undefined && isEndStatus(row.status)) await this.#ports.tell(run);
      } catch {
        // What cannot be read now is read at the next turn.
      }
    }
  }
}
