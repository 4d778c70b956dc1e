import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, EventStore } from '@vltair/core';
import { makeRunId, VltairError, type JsonObject, type StoredEvent } from '@vltair/protocol';

/** `accepted`: it is a fact of the run now. `pending`: the owner has not looked at it yet; it stays in the inbox. */
export type CommandAnswer = { readonly kind: 'accepted' } | { readonly kind: 'pending' };

const POLL_MS = 50;

/**
 * Puts a command to a run whose store another process owns, and waits for the answer.
 *
 * @throws VltairError `invalid_argument/run_ended` when the owner refused it.
 */
export async function sendCommand(
  store: EventStore,
  run: string,
  command: Command,
  patienceMs: number,
): Promise<CommandAnswer> {
  const id = `command-${makeRunId(Date.now(), randomBytes(16))}`;
  await store.send({ id, run, command: { ...command } satisfies JsonObject, ts: Date.now() });
  for (const until = performance.now() + patienceMs; performance.now() < until; await sleep(POLL_MS)) {
    const waits = (await store.inbox()).some((entry) => entry.id === id);
    if (!waits) return await answerOf(store, run, id);
  }
  return { kind: 'pending' };
}

async function answerOf(store: EventStore, run: string, id: string): Promise<CommandAnswer> {
  if ((await store.read(run)).some((event) => commandIdOf(event) === id)) return { kind: 'accepted' };
  const row = await store.run(run);
  throw new VltairError('invalid_argument/run_ended', { detail: `${run} ${row?.status ?? ''}`.trim() });
}

function commandIdOf({ payload }: StoredEvent): string | undefined {
  return payload.type === 'cancel.requested' || payload.type === 'effect.resolved' ? payload.commandId : undefined;
}
