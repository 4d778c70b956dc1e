import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import type { CommandAnswer, Errand, EventStore, InboxCommand, RuntimeCommand } from '@vltair/core';
import { jsonObjectSchema, makeRunId, VltairError } from '@vltair/protocol';
import type { Application } from './application.ts';
import { detailIn } from './error-detail.ts';
import type { Guest } from './wherever-owned.ts';

/** What can be put to the owner of a store. */
export type Wish = RuntimeCommand | Errand;

const POLL_MS = 20;

/** A wish under an id of its own: however often and by whomever it is sent on, it is done once. */
export function entryOf(
  run: string,
  wish: Wish,
  id = `command-${makeRunId(Date.now(), randomBytes(16))}`,
): InboxCommand {
  const tenant = wish.type === 'start' ? wish.request.tenant : undefined;
  return {
    id,
    run,
    command: jsonObjectSchema.parse(wish),
    ts: Date.now(),
    ...(tenant === undefined ? {} : { tenant }),
  };
}

export interface Patience {
  readonly signal: AbortSignal;
  /** How long the owner may take to answer. */
  readonly patienceMs: number;
}

/**
 * Sends a wish and waits for what becomes of it. `left`: the owner is gone and has not answered; the wish stays in the
 * inbox, for whoever owns the store next. `pending`: the owner has not answered in time; it stays, too.
 *
 * @throws VltairError with the reason of a refusal; `cancelled/interrupted`.
 */
export async function askOwner(
  guest: Guest,
  entry: InboxCommand,
  { signal, patienceMs }: Patience,
): Promise<'done' | 'left' | 'pending'> {
  await guest.store.send(entry);
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(POLL_MS)) {
    // In this order: an owner that answers and leaves has answered.
    const hasLeft = await guest.hasOwnerLeft(entry.run);
    if (await isDone(guest.store, entry)) return 'done';
    if (hasLeft) return 'left';
    if (signal.aborted) throw new VltairError('cancelled/interrupted');
  }
  return 'pending';
}

/**
 * The same where this process is the owner: the wish goes through the inbox all the same, since it may wait there already.
 *
 * @throws VltairError with the reason of a refusal; `unavailable/run_held` when another worker of a shared store was faster.
 */
export async function askHere({ store, runtime }: Application, entry: InboxCommand): Promise<void> {
  await store.send(entry, await runtime.seated());
  await runtime.answerInbox();
  if (await isDone(store, entry)) return;
  if (store.leases === undefined) throw waiting(entry);
  const why = runtime.keptBecause(entry.id);
  if (why !== undefined) throw why;
  // Whoever has the run answers it.
  throw new VltairError('unavailable/run_held', { where: entry.run });
}

function waiting({ id }: InboxCommand): VltairError {
  return new VltairError('unavailable/store_failed', { detail: `the command ${id} waits in the inbox` });
}

async function isDone(store: EventStore, { id }: InboxCommand): Promise<boolean> {
  const answer = await store.answerTo(id);
  if (answer?.refusal !== undefined) throw refused(answer.refusal);
  return answer !== undefined;
}

function refused({ reason, message, where }: NonNullable<CommandAnswer['refusal']>): VltairError {
  const place = where === undefined ? {} : { where };
  return new VltairError(reason, { ...detailIn(reason, message), ...place });
}
