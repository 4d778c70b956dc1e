import { failureOf, VltairError } from '@vltair/protocol';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, InboxCommand } from '../ports/event-store.ts';

export interface InboxPorts {
  readonly store: EventStore;
  readonly clock: Clock;
  /** Puts the command to its run. Rejects with the catalogued reason when it is refused or cannot be answered now. */
  readonly answer: (entry: InboxCommand) => Promise<void>;
  readonly warn: (warning: string) => void;
}

/** How often the inbox is looked at while this process owns the store. */
const INTERVAL_MS = 100;

/**
 * Answers the commands that other processes put into the inbox, oldest first.
 *
 * I1 A command leaves the inbox when it became an event or was refused. What fails for another reason (a full disk, a
 *    process that is ending, another owner) leaves it there.
 * I2 A command that cannot be answered does not keep the others waiting.
 */
export class InboxWatch {
  readonly #ports: InboxPorts;
  readonly #warned = new Set<string>();
  #timer: { cancel(): void } | undefined;
  #stopped = false;

  constructor(ports: InboxPorts) {
    this.#ports = ports;
    this.#wait();
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #wait(): void {
    if (this.#stopped) return;
    this.#timer = this.#ports.clock.after(INTERVAL_MS, () => {
      void this.#turn().finally(() => this.#wait());
    });
  }

  async #turn(): Promise<void> {
    try {
      const entries = await this.#ports.store.inbox();
      for (const entry of entries) await this.#answer(entry);
    } catch (error) {
      this.#warn('the inbox', error); // it is read again at the next turn
    }
  }

  async #answer(entry: InboxCommand): Promise<void> {
    if (this.#stopped) return;
    try {
      await this.#ports.answer(entry);
    } catch (error) {
      if (isRefusal(error)) await this.#ports.store.discard([entry.id]);
      else this.#warn(`command ${entry.id}`, error); // I1
    }
  }

  #warn(what: string, error: unknown): void {
    if (this.#warned.has(what)) return;
    this.#warned.add(what);
    this.#ports.warn(`${what} has to wait: ${failureOf(error).message}`);
  }
}

/** Whoever sent it asked for something that cannot be; trying again does not help. */
function isRefusal(error: unknown): boolean {
  return error instanceof VltairError && error.entry.fault === 'caller';
}
