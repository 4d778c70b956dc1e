// A worker of the campaign: the product's runtime on the store, as the `work` of the server drives it. Takes starts from
// its parent, and everything else from the store.
import { setTimeout as sleep } from 'node:timers/promises';
import { Rounds, Runtime, systemClock } from '../../packages/core/src/index.ts';
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
const GRACE_MS = 2_000;

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
  const notTakenUp = ({ run }: { readonly run: string }, { message }: { readonly message: string }): void =>
    void process.stderr.write(`${run} is not taken up: ${message}\n`);
  const rounds = new Rounds({ store, runtime, clock: systemClock, notTakenUp });
  while (!leaving.signal.aborted) {
    await Promise.race([sleep(POLL_MS), aborted(leaving.signal)]);
    await rounds.walk();
  }
  await runtime.drain(GRACE_MS);
  await runtime.close(GRACE_MS);
  await store.close();
});
