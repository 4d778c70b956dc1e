import { VltairError } from '@vltair/protocol';
import type { Clock } from '../ports/clock.ts';
import type { EventStore, InboxCommand } from '../ports/event-store.ts';
import type { SharedKeys } from './shared-keys.ts';
import { parseErrand, type AppliedTree, type Errand } from './errand.ts';
import { parseCommand, type RuntimeCommand } from './runtime-command.ts';
import type { ForkRequest, StartRequest } from './start-request.ts';

export interface AnswerPorts {
  readonly runtime: Commanded;
  readonly store: EventStore;
  readonly clock: Clock;
  /** Of a shared store. */
  readonly keys: Pick<SharedKeys, 'holding'> | undefined;
}

/** What can be asked of a runtime; each is told the entry of the inbox that its events answer. */
interface Commanded {
  start(request: StartRequest, inboxId: string): Promise<unknown>;
  fork(request: ForkRequest, inboxId: string): Promise<unknown>;
  resume(run: string): Promise<unknown>;
  command(run: string, wish: RuntimeCommand, inboxId: string): Promise<unknown>;
  recordApplied(run: string, applied: AppliedTree, inboxId: string): Promise<void>;
}

/** Does what another process asks for. @throws VltairError with the reason why it is refused, or cannot be done now. */
export async function answerCommand(ports: AnswerPorts, { id, run, command }: InboxCommand): Promise<void> {
  const errand = parseErrand(command);
  if (errand?.type === 'start') return await startFor(ports, run, errand, id);
  if (errand?.type === 'fork') return void (await ports.runtime.fork({ ...errand.request, run }, id));
  const row = await ports.store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  if (row.origin !== undefined) throw new VltairError('invalid_argument/run_imported', { detail: run });
  if (errand?.type === 'record_applied') return await ports.runtime.recordApplied(run, errand.applied, id);
  if (errand?.type === 'take_up') return await takeUpFor(ports, run, id);
  await ports.runtime.command(run, parseCommand(command), id);
}

/** Starts come one after the other, also those of several workers: of two that join each other, the second finds the first. */
async function startFor(
  ports: AnswerPorts,
  run: string,
  errand: Extract<Errand, { type: 'start' }>,
  id: string,
): Promise<void> {
  const { joinKey } = errand.request;
  const start = (): Promise<void> => joinOrStart(ports, run, errand, id);
  if (ports.keys === undefined || joinKey === undefined) return await joinOrStart(ports, run, errand, id);
  const isDone = await ports.keys.holding(`join ${joinKey}`, start); // not-a-port: the store's keys, of this process
  if (!isDone) throw new VltairError('unavailable/run_held', { detail: 'another worker begins the same request' });
}

async function joinOrStart(
  ports: AnswerPorts,
  run: string,
  { request, joins }: Extract<Errand, { type: 'start' }>,
  id: string,
): Promise<void> {
  const { joinKey } = request;
  const query = { statuses: ['queued', 'running', 'paused'] } as const;
  const found = joins && joinKey !== undefined ? await ports.store.runs({ ...query, joinKey }) : [];
  const other = found.find(({ origin }) => origin === undefined); // runs of other stores are nobody's to join
  if (other !== undefined && other.run !== run)
    throw new VltairError('invalid_argument/run_exists', {
      detail: `the same request is ${other.run}`,
      where: other.run,
    });
  await ports.runtime.start({ ...request, run }, id);
}

async function takeUpFor(ports: AnswerPorts, run: string, id: string): Promise<void> {
  await ports.runtime.resume(run);
  await ports.store.answer([{ id, ts: ports.clock.now(), refusal: undefined }]);
}
