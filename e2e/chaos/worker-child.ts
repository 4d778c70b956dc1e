// A worker of the campaign: the product's runtime on the store, as the `work` of the server drives it. Takes starts from
// its parent, and everything else from the store.
import { setTimeout as sleep } from 'node:timers/promises';
import { Runtime, systemClock, type EventStore, type RunRow } from '../../packages/core/src/index.ts';
import { failureOf, VltairError } from '../../packages/protocol/src/index.ts';
import { ACTOR, actorOn } from './actor.ts';
import { endingWell } from './child-ending.ts';
import type { Heard } from './heard.ts';
import { LineJournal } from './line-journal.ts';
import { moment } from './moment.ts';
import { openToWrite } from './open-store.ts';
import { runWishSchema } from './run-wish.ts';
import { settingsOf, workerSettingsSchema } from './settings.ts';
import { WitnessLine } from './witness-line.ts';

const CONCURRENCY = 48;
const POLL_MS = 50;
const RETRY_MS = 2_000;
const ALL = 1_000_000;
/** Runs that are taken up at a time: their claims share a commit. */
const TOGETHER = 32;
const GRACE_MS = 2_000;
const STILL_MS = 6_000;

const settings = settingsOf(workerSettingsSchema);
const journal = new LineJournal<Heard>(settings.journal);
const leaving = new AbortController();
process.once('SIGTERM', () => leaving.abort());

async function start(runtime: Runtime, message: unknown): Promise<void> {
  const { run, title, workflow, traceId } = runWishSchema.parse(message);
  try {
    await runtime.start({ run, title, workflow, traceId, input: {} });
    journal.writeSynced({ what: 'started', at: moment(), run });
  } catch (error) {
    process.stderr.write(`${run} was not started: ${failureOf(error).message}\n`); // nothing was promised
  }
}

function noWorkspace(): never {
  throw new VltairError('internal/unexpected', { detail: 'there is no workspace here' });
}

/** Looks again and again for runs that nobody works on: those that were there, and those that this process lost. */
class Rounds {
  readonly #store: EventStore;
  readonly #runtime: Runtime;
  readonly #isShared: boolean;
  readonly #retryAt = new Map<string, number>();
  readonly #stood = new Map<string, { readonly seq: number; readonly since: number }>();
  #seen: number | undefined;
  #nextLook = 0;

  constructor(store: EventStore, runtime: Runtime) {
    this.#store = store;
    this.#runtime = runtime;
    this.#isShared = store.ownership.kind === 'writer' && store.ownership.isShared;
  }

  async walk(): Promise<void> {
    await Promise.race([sleep(POLL_MS), aborted(leaving.signal)]);
    const changes = this.#store.changes();
    if (changes === this.#seen && moment() < this.#nextLook) return;
    this.#nextLook = moment() + RETRY_MS;
    const rows = await this.#store.runs({ statuses: ['queued', 'running'], limit: ALL });
    const idle = rows.toReversed().filter((row) => !this.#runtime.isWorkingOn(row.run) && this.#isLeft(row));
    while (idle.length > 0) await Promise.all(idle.splice(0, TOGETHER).map((row) => this.#takeUp(row)));
    this.#seen = changes;
  }

  /** Where others may work on it, it has to have stood still for a while; they are fenced then, should they live. */
  #isLeft({ run, seq }: RunRow): boolean {
    if (!this.#isShared) return true;
    const known = this.#stood.get(run);
    const stood = known?.seq === seq ? known : { seq, since: moment() };
    this.#stood.set(run, stood);
    return moment() > stood.since + STILL_MS;
  }

  async #takeUp({ run }: RunRow): Promise<void> {
    if (leaving.signal.aborted || (this.#retryAt.get(run) ?? 0) > moment()) return;
    try {
      await this.#runtime.resume(run);
      this.#retryAt.delete(run);
    } catch (error) {
      this.#retryAt.set(run, moment() + RETRY_MS);
      process.stderr.write(`${run} is not taken up: ${failureOf(error).message}\n`);
    }
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

await endingWell(async () => {
  const witness = await WitnessLine.open(settings.witness);
  const store = await openToWrite(settings.place);
  const runtime = new Runtime(
    { store, clock: systemClock, invoker: actorOn(witness, settings.name), workspace: { apply: noWorkspace } },
    {
      worker: settings.name,
      concurrency: CONCURRENCY,
      isWorker: true,
      agents: { [ACTOR]: `${ACTOR} 1` },
      onWarning: (warning) => process.stderr.write(`${warning}\n`),
    },
  );
  runtime.observe({
    committed: (events, { run }) =>
      journal.write({
        what: 'committed',
        at: moment(),
        run,
        events: events.map(({ seq, payload, epoch, ts }) => [seq, payload.type, epoch, ts]),
      }),
    progress: () => {},
  });
  const { ownership } = store;
  if (ownership.kind === 'writer') journal.write({ what: 'owner', at: moment(), epoch: ownership.epoch });
  process.on('message', (message) => void start(runtime, message));
  process.send?.({ is: 'owner' });
  const rounds = new Rounds(store, runtime);
  while (!leaving.signal.aborted) await rounds.walk();
  await runtime.drain(GRACE_MS);
  await runtime.close(GRACE_MS);
  await store.close();
});
