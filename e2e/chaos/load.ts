import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../../bench/planting/seeded-random.ts';
import { jsonObjectSchema, workflowSchema, type JsonObject } from '../../packages/protocol/src/index.ts';
import type { Crew } from './crew.ts';
import { moment } from './moment.ts';
import { aRunWish, type RunWish } from './run-wish.ts';
import type { ChildMessage, SupervisedChild } from './supervised-child.ts';

interface Command {
  readonly id: string;
  readonly run: string;
  readonly command: JsonObject;
}

export interface LoadOptions {
  readonly random: Random;
  /** Runs that are open at a time. */
  readonly inFlight: number;
}

const TURN_MS = 100;
/** The most that are begun in one turn. */
const BURST = 3;

/** Keeps some hundred runs in flight: begins them at the owner and through the inbox, and cancels a few. */
export class Load {
  readonly #options: LoadOptions;
  /** What a client was told to send, until the inbox has taken it. */
  readonly #outstanding = new Map<string, { readonly client: number; readonly command: Command }>();
  readonly #cancels: { readonly at: number; readonly run: string }[] = [];
  #counts: Readonly<Record<string, number>> = {};
  #inbox = 0;
  #countedAt = 0;
  /** Begun since the last count. */
  #since = 0;
  wanted = 0;

  constructor(options: LoadOptions) {
    this.#options = options;
  }

  get open(): number {
    const { queued = 0, running = 0, paused = 0 } = this.#counts;
    return queued + running + paused;
  }

  get ended(): number {
    const { succeeded = 0, failed = 0, cancelled = 0 } = this.#counts;
    return succeeded + failed + cancelled;
  }

  /** Nothing is open, waits in the inbox, or is on its way there, as of a count that was made after that time. */
  isOver(since: number): boolean {
    return this.#countedAt > since && this.open === 0 && this.#inbox === 0 && this.#outstanding.size === 0;
  }

  describe(): string {
    const counts = JSON.stringify(this.#counts);
    return `${counts}, ${this.#inbox} commands in the inbox, ${this.#outstanding.size} on their way there`;
  }

  hear(message: ChildMessage, child: SupervisedChild, crew: Crew): void {
    if (message.is === 'sent') this.#outstanding.delete(message.id);
    if (message.is === 'counts') {
      this.#counts = message.counts;
      this.#inbox = message.inbox;
      this.#countedAt = moment();
      this.#since = 0;
    }
    if (message.is !== 'ready') return;
    const index = crew.clients.indexOf(child);
    for (const { client, command } of this.#outstanding.values()) if (client === index) child.send(command);
  }

  async keepUp(crew: Crew, isOn: () => boolean): Promise<void> {
    while (isOn()) {
      const onTheWay = Math.max(this.#since, this.#inbox + this.#outstanding.size);
      const missing = this.#options.inFlight - this.open - onTheWay;
      for (let count = 0; count < Math.min(missing, BURST); count += 1) this.#begin(crew);
      while (this.#cancels[0] !== undefined && this.#cancels[0].at < moment()) this.#cancel(crew);
      await sleep(TURN_MS);
    }
  }

  #begin(crew: Crew): void {
    const { random } = this.#options;
    const wish = aRunWish(random);
    this.wanted += 1;
    this.#since += 1;
    const owner = random() < 0.6 ? crew.owner : undefined;
    if (owner !== undefined) owner.send(wish);
    else this.#tell(crew, startOf(wish));
    if (random() < (wish.title === 'undo' ? 0.6 : 0.06))
      this.#cancels.push({ at: moment() + 500 + random() * 5_000, run: wish.run });
    this.#cancels.sort((left, right) => left.at - right.at);
  }

  #cancel(crew: Crew): void {
    const next = this.#cancels.shift();
    if (next === undefined) return;
    const { run } = next;
    this.#tell(crew, { id: `cancel-${run}`, run, command: { type: 'cancel', by: 'ben', reason: 'enough' } });
  }

  #tell(crew: Crew, command: Command): void {
    const client = Math.floor(this.#options.random() * crew.clients.length);
    this.#outstanding.set(command.id, { client, command });
    crew.clients[client]?.send(command);
  }
}

function startOf({ run, title, traceId, workflow }: RunWish): Command {
  const request = { title, traceId, workflow: workflowSchema.parse(workflow), input: {} };
  return { id: `start-${run}`, run, command: jsonObjectSchema.parse({ type: 'start', joins: false, request }) };
}
