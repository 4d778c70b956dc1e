import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { endStatuses, type EventStore, type InboxCommand } from '@vltair/core';
import { jsonObjectSchema, makeRunId, makeTraceId, workflowSchema } from '@vltair/protocol';
import type { WaitingHost } from './waiting-host.ts';

/** Longer than any wait of the runs. */
const CALL_MS = 600_000;
const PATIENCE_MS = 60_000;
const POLL_MS = 20;

/**
 * Begins runs through the inbox, as `vltair run` does beside a worker. Resolves with their ids when all of them wait inside
 * their call.
 *
 * @throws RangeError when one is refused, or ends, or does not come to wait in time.
 */
export async function beginWaitingRuns(
  store: EventStore,
  host: WaitingHost,
  runs: number,
): Promise<ReadonlySet<string>> {
  const commands = Array.from({ length: runs }, () => startOf(host.address));
  await Promise.all(commands.map(async (command) => await store.send(command)));
  const deadline = performance.now() + PATIENCE_MS;
  while (host.waiting < runs) {
    if (performance.now() > deadline) throw new RangeError(`${host.waiting} of ${runs} runs came to wait`);
    await refuseRefusals(store, commands);
    await sleep(POLL_MS);
  }
  return new Set(commands.map(({ run }) => run));
}

/** @throws RangeError with the reason for which a run was not begun, or ended. */
async function refuseRefusals(store: EventStore, commands: readonly InboxCommand[]): Promise<void> {
  for (const { id } of commands) {
    const refusal = (await store.answerTo(id))?.refusal;
    if (refusal !== undefined) throw new RangeError(`a run was not begun: ${refusal.message}`);
  }
  const [ended] = await store.runs({ statuses: endStatuses, limit: 1 });
  if (ended !== undefined) throw new RangeError(`a run ended as ${ended.status}: ${ended.failure?.message}`);
}

function startOf(address: string): InboxCommand {
  const run = makeRunId(Date.now(), randomBytes(16));
  const input = { url: `http://${address}/`, timeoutMs: CALL_MS };
  const workflow = workflowSchema.parse({
    name: 'wait',
    nodes: [{ id: 'wait', agent: 'http', action: 'request', input }],
  });
  const request = { workflow, input: {}, traceId: makeTraceId(randomBytes(16)), title: 'waits for an answer' };
  const command = jsonObjectSchema.parse({ type: 'start', joins: false, request });
  return { id: `command-${run}`, run, command, ts: Date.now() };
}
