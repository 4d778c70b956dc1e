import { dimensions, type Amounts, type Dimension, type FactOf } from '@vltair/protocol';
import { fail } from './violation.ts';
import type { Landed, RunBook } from './log-book.ts';
import type { Call } from './world.ts';

type Intent = FactOf<'effect.intended'>;

/** What reached the outside, as far as it matters here. */
export interface SeenCalls {
  readonly calls: readonly Pick<Call, 'run' | 'key'>[];
}

/** An effect as somebody tells it who reads the log alone. */
interface Entry {
  readonly intent: Intent;
  readonly seq: number;
  isOpen: boolean;
  outcome: 'value' | 'error' | undefined;
  /** A person said that it may run again. */
  isCleared: boolean;
}

/** What the run, or a visit, has spent, and has promised to calls under way. */
type Sums = Record<Dimension, number>;

/**
 * SI3, SI4, SI7 and SI18: the books of a run, kept a second time from its log with rules of their own, and compared with
 * what the machine let through.
 */
export function checkLedger(run: RunBook, seen: SeenCalls): void {
  const entries = new Map<string, Entry>();
  const spent = zero();
  for (const [index, { event }] of run.landed.entries()) {
    const { payload } = event;
    const before = run.states[index - 1];
    if (before === undefined) continue;
    if (payload.type === 'effect.intended') {
      checkRepeat(run, event, payload, entries.get(payload.key));
      checkApproval(run, index, payload);
      reopen(entries, spent, payload, event.seq);
      checkFits(run, event, spent, openOf(entries), before.budget.limit, grantedTo(run, index));
    }
    if (payload.type === 'effect.recorded') record(entries, spent, payload);
    if (payload.type === 'effect.parked' || payload.type === 'attempt.diverged') close(entries, spent, payload.key);
    if (payload.type === 'effect.resolved' && payload.resolution === 'retry') clear(entries, payload.key);
    if (payload.type === 'subrun.ended') add(spent, payload.spent);
    if (isEndOfVisit(payload.type) && 'node' in payload) closeVisit(entries, spent, payload.node);
  }
  checkWorld(run, seen);
}

// --- SI3, SI4

function checkRepeat(run: RunBook, event: Landed['event'], intent: Intent, known: Entry | undefined): void {
  if (known === undefined) return;
  if (known.outcome === 'value') fail('SI3', run, event, `${intent.key} is recorded, and runs again`);
  if (known.outcome === 'error' && known.intent.attempt === intent.attempt && !known.isCleared)
    fail('SI3', run, event, `${intent.key} failed in this attempt, and runs again in it`);
  if (known.outcome === undefined && known.intent.policy === 'once' && !known.isCleared)
    fail('SI4', run, event, `${intent.key} may happen once, and nobody knows whether it did`);
  if (intent.execution !== known.intent.execution + 1)
    fail('SI4', run, event, `execution ${intent.execution} after ${known.intent.execution}`);
}

// --- SI7

function reopen(entries: Map<string, Entry>, spent: Sums, intent: Intent, seq: number): void {
  const earlier = entries.get(intent.key);
  if (earlier?.isOpen === true) add(spent, { ...earlier.intent.reserved, candidates: 0 });
  entries.set(intent.key, { intent, seq, isOpen: true, outcome: undefined, isCleared: false });
}

function record(
  entries: Map<string, Entry>,
  spent: Sums,
  { key, execution, outcome, spent: took }: FactOf<'effect.recorded'>,
): void {
  const entry = entries.get(key);
  if (entry === undefined || entry.intent.execution !== execution || !entry.isOpen) return;
  Object.assign(entry, { isOpen: false, outcome: outcome.kind });
  add(spent, took);
}

/** Nobody knows what it took: all of it. */
function close(entries: Map<string, Entry>, spent: Sums, key: string): void {
  const entry = entries.get(key);
  if (entry?.isOpen === true) add(spent, entry.intent.reserved);
  if (entry !== undefined) entry.isOpen = false;
}

function clear(entries: Map<string, Entry>, key: string): void {
  const entry = entries.get(key);
  if (entry !== undefined) Object.assign(entry, { isCleared: true, outcome: undefined });
}

function isEndOfVisit(type: string): boolean {
  return /^node\.(succeeded|failed|skipped|cancelled)$/.test(type);
}

function closeVisit(entries: Map<string, Entry>, spent: Sums, node: string): void {
  for (const [key, { intent }] of entries) if (intent.node === node) close(entries, spent, key);
}

function openOf(entries: ReadonlyMap<string, Entry>): readonly Amounts[] {
  return [...entries.values()].filter(({ isOpen }) => isOpen).map(({ intent }) => intent.reserved);
}

/** What is set aside for children that have not ended. */
function grantedTo({ landed }: RunBook, index: number): readonly Amounts[] {
  const open = new Map<string, Amounts>();
  for (const {
    event: { payload },
  } of landed.slice(0, index)) {
    if (payload.type === 'node.suspended' && payload.wait.kind === 'subrun')
      open.set(payload.wait.run, payload.wait.granted);
    if (payload.type === 'subrun.ended') open.delete(payload.run);
  }
  return [...open.values()];
}

function checkFits(
  run: RunBook,
  event: Landed['event'],
  spent: Sums,
  calls: readonly Amounts[],
  limit: Amounts,
  grants: readonly Amounts[],
): void {
  for (const dimension of dimensions) {
    const bound = limit[dimension];
    const promised = [...calls, ...grants].reduce((sum, amounts) => sum + (amounts[dimension] ?? 0), 0);
    if (bound !== undefined && spent[dimension] + promised > bound)
      fail('SI7', run, event, `${spent[dimension]} spent and ${promised} promised of ${bound} ${dimension}`);
  }
}

function zero(): Sums {
  return { timeMs: 0, calls: 0, candidates: 0, tokens: 0, microUsd: 0 };
}

function add(sums: Sums, amounts: Amounts): void {
  for (const dimension of dimensions) sums[dimension] += amounts[dimension] ?? 0;
}

// --- SI18

function checkApproval(run: RunBook, index: number, intent: Intent): void {
  const { gate, key } = intent;
  const event = run.landed[index]?.event;
  if (gate?.verdict === 'deny') fail('SI18', run, event, `${key} is denied, and runs`);
  if (gate?.verdict !== 'ask') return;
  const earlier = run.landed.slice(0, index).map((landed) => landed.event);
  const asked = earlier.findLast(({ payload }) => payload.type === 'approval.requested' && payload.approval === key);
  const granted = earlier.findLast(({ payload }) => payload.type === 'approval.granted' && payload.approval === key);
  if (asked?.payload.type !== 'approval.requested' || granted === undefined || granted.seq < asked.seq)
    return fail('SI18', run, event, `${key} runs without a yes`);
  if (asked.payload.digest !== intent.argumentsDigest)
    fail('SI18', run, event, `${key} is another call than was approved`);
  if (asked.payload.expiresTs !== undefined && granted.ts >= asked.payload.expiresTs)
    fail('SI18', run, event, `the yes to ${key} came too late`);
  const used = earlier.filter(
    ({ payload, seq }) => payload.type === 'effect.intended' && payload.key === key && seq > granted.seq,
  );
  const isRepeat = used.every(
    ({ seq }) =>
      !earlier.some(
        ({ payload, seq: later }) => later > seq && payload.type === 'effect.recorded' && payload.key === key,
      ),
  );
  if (used.length > 0 && !isRepeat) fail('SI18', run, event, `the yes to ${key} is used twice`);
}

// --- the outside

/** SI4: what the world has seen is no more than the log has allowed. */
function checkWorld(run: RunBook, seen: SeenCalls): void {
  const intents = run.landed.flatMap(({ event: { payload } }) =>
    payload.type === 'effect.intended' ? [payload.key] : [],
  );
  const called = seen.calls.filter((call) => call.run === run.run);
  for (const key of new Set(called.map((call) => call.key))) {
    const times = called.filter((call) => call.key === key).length;
    const allowed = intents.filter((intended) => intended === key).length;
    if (times > allowed) fail('SI5', run, undefined, `${key} was called ${times} times on ${allowed} intents`);
  }
}
