import { budgetHistory, requireVerifiedRun, type EventStore } from '@vltair/core';
import { canonicalJson, jsonObjectSchema, type JsonObject, type RunEvent } from '@vltair/protocol';

/**
 * What the log of a run says of it from end to end: when every step was begun and done, the tokens and the budget.
 *
 * @throws VltairError when the run's chain, or the signature over one of its commits, does not hold.
 */
export async function runRecord(store: EventStore, run: string): Promise<JsonObject> {
  await requireVerifiedRun(store, run);
  const events = await store.read(run);
  const record = {
    run,
    events: events.length,
    timings: { totalMs: lastTs(events) - firstTs(events), steps: stepsOf(events) },
    tokens: tokensOf(events),
    budget: budgetOf(events),
  };
  return jsonObjectSchema.parse(JSON.parse(canonicalJson(record)));
}

function stepsOf(events: readonly RunEvent[]): readonly JsonObject[] {
  const begunMs = firstTs(events);
  return events.flatMap(({ ts, payload }) => {
    if (payload.type !== 'attempt.completed') return [];
    const { node } = payload;
    const begun = events.find((event) => event.payload.type === 'attempt.scheduled' && event.payload.node === node);
    return [{ node, scheduledMs: (begun?.ts ?? ts) - begunMs, completedMs: ts - begunMs }];
  });
}

function tokensOf(events: readonly RunEvent[]): { readonly llm: number; readonly tool: number } {
  const spent = events.flatMap(({ payload }) => (payload.type === 'effect.recorded' ? [payload.tokens ?? {}] : []));
  const sum = (kind: 'llm' | 'tool'): number => spent.reduce((total, tokens) => total + (tokens[kind] ?? 0), 0);
  return { llm: sum('llm'), tool: sum('tool') };
}

/** As it stood after the last event that changed it. */
function budgetOf(events: readonly RunEvent[]): object {
  const [last] = budgetHistory(events, 1);
  if (last === undefined) throw new RangeError('a run without events has no budget');
  return { limit: last.limit, reserved: last.reserved, spent: last.spent };
}

function firstTs(events: readonly RunEvent[]): number {
  return events[0]?.ts ?? 0;
}

function lastTs(events: readonly RunEvent[]): number {
  return events.at(-1)?.ts ?? 0;
}
