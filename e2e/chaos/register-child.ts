// A client of the append port: writes to, or reads from, runs that serve as registers, and writes down what it asked for
// before, and what it heard after. The histories of all of them are checked for linearisability.
import { setTimeout as sleep } from 'node:timers/promises';
import type { AppendRequest, EventStore } from '../../packages/core/src/index.ts';
import type { RunInput, RunOutput } from './append-model.ts';
import { endingWell, isPassing } from './child-ending.ts';
import { LineJournal } from './line-journal.ts';
import { moment } from './moment.ts';
import { openStore, openToWrite } from './open-store.ts';
import { registerOf, type RegisterLine } from './register-history.ts';
import { registerSettingsSchema, settingsOf } from './settings.ts';

const settings = settingsOf(registerSettingsSchema);
const journal = new LineJournal<RegisterLine>(settings.journal);
const PAUSE_MS = 60;

class RegisterUser {
  readonly #store: EventStore;
  readonly #client: string;
  readonly #known = new Map<string, number>();
  #count = 0;

  constructor(store: EventStore, client: string) {
    this.#store = store;
    this.#client = client;
  }

  async turn(): Promise<void> {
    const key = registerOf(moment(), Math.random() < 0.5 ? 0 : 1);
    await this.#do(key, this.#wish(key));
  }

  #wish(key: string): RunInput {
    const { ownership } = this.#store;
    const dice = Math.random();
    if (ownership.kind !== 'writer' || dice < 0.2) return { do: dice < 0.5 ? 'head' : 'read' };
    // Some are wrong on purpose: a seq that is not the last one, or the epoch of the owner before.
    const offset = dice < 0.3 ? Math.round(Math.random() * 4) - 2 : 0;
    const expectedSeq = Math.max(0, (this.#known.get(key) ?? 0) + offset);
    return {
      do: 'append',
      expectedSeq,
      epoch: ownership.epoch - (dice > 0.95 ? 1 : 0),
      token: `${this.#client}-${this.#count}`,
    };
  }

  async #do(key: string, input: RunInput): Promise<void> {
    const id = `${this.#client}-${(this.#count += 1)}`;
    journal.write({ is: 'begin', id, key, at: moment(), client: this.#client, input });
    try {
      const output = await this.#ask(key, input);
      journal.write({ is: 'end', id, at: moment(), output });
      this.#learn(key, output);
    } catch (error) {
      // Nobody knows what became of it, or of what this process had open: S6.
      if (!isPassing(error)) throw error;
      await sleep(PAUSE_MS);
    }
  }

  #learn(key: string, output: RunOutput): void {
    if (output.kind === 'appended') this.#known.set(key, output.lastSeq);
    if (output.kind === 'conflict') this.#known.set(key, output.headSeq);
    if (output.kind === 'head') this.#known.set(key, output.seq);
  }

  async #ask(key: string, input: RunInput): Promise<RunOutput> {
    switch (input.do) {
      case 'head': {
        const { seq, epoch } = (await this.#store.head(key)) ?? { seq: 0, epoch: 0 };
        return { kind: 'head', seq, epoch };
      }
      case 'read': {
        const events = await this.#store.read(key);
        return { kind: 'events', tokens: events.map(({ payload }) => ('worker' in payload ? payload.worker : '')) };
      }
      case 'append': {
        const outcome = await this.#store.append(appendOf(key, input));
        return outcome.kind === 'appended' ? { kind: 'appended', lastSeq: outcome.lastSeq } : outcome;
      }
    }
  }
}

function appendOf(run: string, { expectedSeq, epoch, token }: Extract<RunInput, { do: 'append' }>): AppendRequest {
  return {
    run,
    tenant: 'local',
    expectedSeq,
    epoch,
    events: [{ ts: 1, payload: { type: 'run.claimed', worker: token } }],
    row: {
      status: 'running',
      workflow: 'register',
      title: run,
      joinKey: undefined,
      traceId: '0af7651916cd43dd8448eb211c80319c',
      createdTs: 1,
      updatedTs: 1,
      failure: undefined,
      wakeTs: undefined,
    },
  };
}

await endingWell(async () => {
  const isWriter = settings.role === 'writer';
  const store = isWriter ? await openToWrite(settings.place) : await openStore(settings.place, 'read');
  let isLeaving = false;
  process.once('SIGTERM', () => (isLeaving = true));
  await Promise.all(
    Array.from({ length: settings.loops }, async (_, loop) => {
      const user = new RegisterUser(store, `${settings.name}-${process.pid}-${loop}`);
      while (!isLeaving) {
        await user.turn();
        await sleep(PAUSE_MS * (0.5 + Math.random()));
      }
    }),
  );
  await store.close();
});
