// A process in front of the product: it has no store of its own, puts everything into the inbox, and answers what runs
// wait for. Two of them give the same answers under the same ids.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import { fold, waitsOf, type EventStore, type RunRow } from '../../packages/core/src/index.ts';
import { jsonObjectSchema, type JsonObject, type WaitingFor } from '../../packages/protocol/src/index.ts';
import { endingWell, isPassing } from './child-ending.ts';
import type { Heard } from './heard.ts';
import { LineJournal } from './line-journal.ts';
import { moment } from './moment.ts';
import { openStore } from './open-store.ts';
import { clientSettingsSchema, settingsOf } from './settings.ts';
import { WitnessLine } from './witness-line.ts';

const commandSchema = z.strictObject({ id: z.string(), run: z.string(), command: jsonObjectSchema });
type Command = z.infer<typeof commandSchema>;

const TURN_MS = 100;
const LOOK_MS = 400;
/**
 * A person looks twice before he says that something has not happened: what was sent arrives by then. Where workers share
 * the store, one that was only stopped may still send a call within half a minute of its intent.
 */
const DOUBT_MS = { sqlite: 1_500, postgres: 32_000 };
const ANSWER_MS = 1_500;
const PAUSED = { statuses: ['paused'], limit: 100_000 } as const;

const settings = settingsOf(clientSettingsSchema);
const journal = new LineJournal<Heard>(settings.journal);

class Client {
  readonly #witness: WitnessLine;
  readonly #unsent: Command[] = [];
  readonly #unanswered = new Map<string, Command>();
  /** Paused runs at a seq that has been looked through, and when it was first seen. */
  readonly #seen = new Map<string, { readonly seq: number; readonly since: number; isDone: boolean }>();
  readonly #sent = new Set<string>();
  #store: EventStore | undefined;
  #nextLook = 0;

  constructor(witness: WitnessLine) {
    this.#witness = witness;
  }

  want(command: Command): void {
    if (this.#sent.has(command.id)) return;
    this.#sent.add(command.id);
    this.#unsent.push(command);
  }

  async turn(): Promise<void> {
    try {
      this.#store ??= await openStore(settings.place, 'read');
      await this.#sendAll(this.#store);
      await this.#hearAnswers(this.#store);
      if (moment() > this.#nextLook) await this.#look(this.#store);
    } catch (error) {
      if (!isPassing(error)) throw error;
      await this.#forgetStore();
    }
  }

  async #sendAll(store: EventStore): Promise<void> {
    for (let next = this.#unsent[0]; next !== undefined; next = this.#unsent[0]) {
      const { id, run, command } = next;
      await store.send({ id, run, command, ts: Date.now() });
      journal.writeSynced({ what: 'sent', at: moment(), run, id, type: typeOf(command) });
      process.send?.({ is: 'sent', id });
      this.#unsent.shift();
      this.#unanswered.set(id, next);
    }
  }

  async #hearAnswers(store: EventStore): Promise<void> {
    for (const { id, run, command } of this.#unanswered.values()) {
      const answer = await store.answerTo(id);
      if (answer === undefined) continue;
      const reason = answer.refusal === undefined ? {} : { reason: answer.refusal.reason };
      journal.writeSynced({ what: 'answered', at: moment(), run, id, type: typeOf(command), ...reason });
      this.#unanswered.delete(id);
    }
  }

  async #look(store: EventStore): Promise<void> {
    const rows = await store.runs(PAUSED);
    for (const row of rows) await this.#answerRun(store, row);
    process.send?.({ is: 'counts', counts: await store.counts(), inbox: (await store.inbox()).length });
    this.#nextLook = moment() + LOOK_MS;
  }

  async #answerRun(store: EventStore, { run, seq }: RunRow): Promise<void> {
    const known = this.#seen.get(run);
    const seen = known?.seq === seq ? known : { seq, since: moment(), isDone: false };
    this.#seen.set(run, seen);
    if (seen.isDone || moment() < seen.since + ANSWER_MS * fraction(`${run} ${seq}`)) return;
    const events = await store.read(run);
    const state = fold(events);
    if (state?.seq !== seq) return;
    const waits = waitsOf(state);
    const isDoubtful =
      waits.some(({ kind }) => kind === 'parked_effect') && moment() < seen.since + DOUBT_MS[settings.place.kind];
    if (isDoubtful) return;
    for (const [index, wait] of waits.entries()) {
      const command = await this.#commandFor(run, wait);
      if (command !== undefined) this.want({ id: `answer-${run}-${seq}-${index}`, run, command });
    }
    seen.isDone = true;
  }

  async #commandFor(run: string, wait: WaitingFor): Promise<JsonObject | undefined> {
    const by = 'ann';
    switch (wait.kind) {
      case 'approval': {
        const { approval } = wait;
        if (fraction(`${run} ${approval}`) < 0.2) return { type: 'reject', by, approval, reason: 'no' };
        return { type: 'approve', by, approval };
      }
      case 'signal':
        return { type: 'signal', by, name: wait.name, data: { words: 'here' } };
      case 'parked_effect': {
        const { key } = wait;
        const number = await this.#witness.ask({ do: 'ask', run, key });
        return { type: 'resolve', by, key, resolution: number === undefined ? 'retry' : 'fail' };
      }
      case 'pause':
        return { type: 'resume', by };
      case 'sleep':
        return undefined;
    }
  }

  async #forgetStore(): Promise<void> {
    const store = this.#store;
    this.#store = undefined;
    await store?.close();
  }
}

function typeOf(command: JsonObject): string {
  const { type } = command;
  return typeof type === 'string' ? type : '';
}

/** A number in [0, 1) that depends on the text alone: every client decides alike. */
function fraction(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32LE() / 2 ** 32;
}

await endingWell(async () => {
  const client = new Client(await WitnessLine.open(settings.witness));
  process.on('message', (message) => client.want(commandSchema.parse(message)));
  process.send?.({ is: 'ready' });
  let isLeaving = false;
  process.once('SIGTERM', () => (isLeaving = true));
  while (!isLeaving) {
    await client.turn();
    await sleep(TURN_MS);
  }
});
