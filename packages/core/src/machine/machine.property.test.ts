import {
  ambiguityPolicies,
  canonicalJson,
  dimensions,
  failure,
  isFact,
  VltairError,
  type EventPayload,
  type Fact,
  type RunEvent,
  type Workflow,
} from '@vltair/protocol';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, resultOf, RunStory, throughSnapshot } from '../../test/builders.ts';
import { knownFlags } from './behaviour-flags.ts';
import { admit } from './admit.ts';
import { nothing } from './budget.ts';
import { step, type FactEvent } from './decide.ts';
import { evolve, fold } from './evolve.ts';
import { pending, type Activity } from './pending.ts';
import { definitionOf } from './definition.ts';
import { planGraph } from './plan-graph.ts';
import { hasEnded, isSettled, nodeOf, type NodeState, type RunState } from './run-state.ts';
import { verifyReplay } from './verify-replay.ts';

/**
 * Random workflows, told random facts in random order. What holds for all of them:
 *
 * I1 A run has ended, or has attempts or stops pending, or waits for a named thing: it is never stuck.
 * I2 Nothing is scheduled once the run is ending.
 * I3 A visit starts only when all that the node needs has succeeded.
 * I4 A head never has more visits than maxVisits, a visit never more attempts than maxAttempts.
 * I5 No attempt is scheduled while another of its node is in flight.
 * I6 When a loop starts over, nothing that follows from it outside of the loop has started.
 * I7 No call is admitted that does not fit; all reservations are settled at the end.
 * I8 The fold of the stored log is the live state, with the same things pending.
 * I9 A state that went through a snapshot decides the same, byte by byte.
 * I10 Verified replay of every log is empty.
 * I11 After a restore no `once` call is admitted that no person has let through since then.
 */

// --- random workflows

const signals = ['s0', 's1', 's2'] as const;
const ids = ['n0', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6'] as const;
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const some = <K extends string, T>(key: K, value: T | undefined) => (value === undefined ? {} : { [key]: value });

const aRoute = (count: number) =>
  fc.oneof(
    { weight: 6, arbitrary: fc.nat(count - 1).map((to) => ({ to: ids[to] ?? 'n0' })) },
    { weight: 1, arbitrary: fc.constantFrom({ end: 'succeeded' as const }, { end: 'failed' as const }) },
  );

const aNode = (index: number, count: number) =>
  fc
    .record({
      needs: fc.subarray(ids.slice(0, index), { maxLength: Math.min(index, 2) }),
      targets: fc.array(aRoute(count), { maxLength: 3 }),
      star: fc.boolean(),
      maxVisits: fc.integer({ min: 1, max: 3 }),
      maxAttempts: fc.integer({ min: 1, max: 3 }),
      timeout: optional(fc.integer({ min: 1, max: 9_000 })),
    })
    .map(({ targets, star, timeout, ...rest }) => ({
      id: ids[index] ?? 'n0',
      ...rest,
      ...some('timeout', timeout),
      routes: targets.map((target, at) => ({ on: star && at === 0 ? '*' : (signals[at] ?? 's0'), ...target })),
    }));

const aRandomWorkflow: fc.Arbitrary<Workflow> = fc
  .integer({ min: 1, max: ids.length })
  .chain((count) =>
    fc.record({
      nodes: fc.tuple(...Array.from({ length: count }, (_, index) => aNode(index, count))),
      order: fc.boolean(),
      timeout: optional(fc.integer({ min: 1_000, max: 60_000 })),
      calls: optional(fc.nat(4)),
      candidates: optional(fc.nat(40)),
    }),
  )
  .map(({ nodes, order, timeout, calls, candidates }) =>
    aWorkflow(order ? nodes : nodes.toReversed(), {
      ...some('timeout', timeout),
      budget: { ...some('calls', calls), ...some('candidates', candidates) },
    }),
  );

const aPlannedWorkflow = aRandomWorkflow.filter((workflow) => refusalOf(workflow) === undefined);

function refusalOf(workflow: Workflow): VltairError | undefined {
  try {
    planGraph(workflow);
    return undefined;
  } catch (error) {
    if (error instanceof VltairError) return error;
    throw error;
  }
}

// --- random facts

const aMove = fc.record({
  kind: fc.constantFrom(
    ...([
      'result',
      'result',
      'result',
      'retryable',
      'fatal',
      'effect',
      'effect',
      'effect',
      'record',
      'record',
    ] as const),
    ...(['stopped', 'claim', 'cancel', 'wait', 'timer', 'resolve', 'late', 'restore', 'migrate'] as const),
  ),
  pick: fc.nat(1_000),
  rare: fc.nat(9),
  amount: fc.nat(20),
});
type Move = typeof aMove extends fc.Arbitrary<infer T> ? T : never;

const pickFrom = <T>(list: readonly T[], pick: number): T | undefined => list[pick % Math.max(list.length, 1)];
const attemptsOf = (state: RunState) => pending(state).filter((activity) => activity.kind === 'attempt');

/** What this move comes to in this state; nothing when it makes no sense there. */
function play(story: RunStory, move: Move): void {
  const attempt = pickFrom(attemptsOf(story.state), move.pick);
  switch (move.kind) {
    case 'result':
    case 'retryable':
    case 'fatal':
      return attempt === undefined ? undefined : complete(story, attempt, move);
    case 'effect':
      return attempt === undefined ? undefined : ask(story, attempt.ref.node, move);
    case 'record':
      return record(story, move);
    case 'stopped':
      for (const { ref } of pending(story.state).filter((activity) => activity.kind === 'stop'))
        story.stopped(ref.node);
      return;
    case 'claim':
      return void story.claim();
    case 'migrate':
      return migrate(story, move);
    case 'restore':
      return move.rare < 4 ? restore(story, move.rare === 0) : undefined;
    case 'cancel':
      return move.rare === 0 && !hasEnded(story.state) ? void story.cancel() : undefined;
    case 'wait':
      return void story.wait(move.pick * move.amount);
    case 'timer':
      return fireDue(story);
    case 'resolve':
      return answer(story, move.pick % 2 === 0 ? 'retry' : 'fail');
    case 'late':
      return tellLate(story, move.pick);
  }
}

function complete(story: RunStory, { ref, dueTs }: Extract<Activity, { kind: 'attempt' }>, move: Move): void {
  story.wait(Math.max(0, dueTs - story.ts));
  if (move.kind === 'retryable') story.fail(ref.node, 'transient/agent');
  else if (move.kind === 'fatal' && move.rare < 3) story.fail(ref.node, 'fatal/agent');
  else story.complete(ref.node, pickFrom(signals, move.amount) ?? 's0');
}

function ask(story: RunStory, node: string, move: Move): void {
  story.effect(node, {
    name: move.pick % 2 === 0 ? 'x' : 'y',
    policy: pickFrom(ambiguityPolicies, move.pick) ?? 'once',
    digest: move.rare === 0 ? 'other' : 'same',
    reserved: { calls: 1, candidates: move.amount, timeMs: 10 },
  });
}

function record(story: RunStory, move: Move): void {
  const open = Object.entries(story.state.nodes).flatMap(([node, { visit, effects }]) =>
    Object.entries(effects)
      .filter(([, { status }]) => status === 'intended')
      .map(([key, { execution }]) => ({ node, visit, key, execution })),
  );
  const one = pickFrom(open, move.pick);
  if (one === undefined) return;
  const outcome =
    move.rare < 3
      ? { kind: 'error' as const, failure: failure('timeout/call') }
      : { kind: 'value' as const, value: move.amount };
  story.tell({
    type: 'effect.recorded',
    ...one,
    outcome,
    spent: { calls: 1, candidates: move.amount, timeMs: move.pick },
  });
}

function restore(story: RunStory, isOriginalStopped: boolean): void {
  if (!hasEnded(story.state))
    story.tell({ type: 'run.restored', by: 'ann', backup: 'b1', backupTs: story.ts, isOriginalStopped });
}

/** Somebody adds a node that may lead back or forward, drops one, and changes another: done where it is admitted. */
function migrate(story: RunStory, { pick, rare, amount }: Move): void {
  const { nodes, ...rest } = story.state.workflow;
  const id = `m${amount}`;
  const [after, to] = [pickFrom(nodes, pick)?.id ?? 'n0', pickFrom(nodes, amount)?.id ?? 'n0'];
  const [known = nodes[0]] = nodes;
  const added = {
    ...known,
    id,
    needs: [after],
    routes: rare < 5 ? [{ on: 's0', to }] : [],
    maxVisits: 2,
    action: 'run',
  };
  const changed = nodes.map((node, index) => (index === pick % 7 ? { ...node, input: { rare } } : node));
  const kept = rare % 2 === 0 ? changed : changed.filter((_, index) => index !== amount % 7);
  const workflow = { ...rest, nodes: [...kept.filter((node) => node.id !== id), added] } as Workflow;
  const manifest = { workflow: `digest ${pick}`, agents: { worker: 'digest' }, flags: [...knownFlags] };
  const admission = admit(story.state, { type: 'migrate', by: 'ann', workflow, manifest });
  if (admission.kind === 'admitted') story.tell(admission.fact);
}

function fireDue(story: RunStory): void {
  const due = pending(story.state).find((activity) => 'dueTs' in activity && activity.kind !== 'attempt');
  if (due === undefined || !('dueTs' in due) || due.dueTs > story.ts) return;
  if (due.kind === 'timer') story.tell({ type: 'timer.fired', timer: due.timer });
}

function answer(story: RunStory, resolution: 'retry' | 'fail'): void {
  const parked = Object.values(story.state.nodes).find(({ parkedKey }) => parkedKey !== undefined);
  if (parked?.parkedKey !== undefined) story.resolve(parked.parkedKey, resolution);
}

const LATE: ReadonlySet<string> = new Set(['attempt.completed', 'attempt.stopped', 'timer.fired']);

/** Something that was told before is told again, or a call is recorded that nobody waits for any more. */
function tellLate(story: RunStory, pick: number): void {
  const payloads = story.events.map(({ payload }) => payload);
  const facts = payloads.filter((payload): payload is Fact => LATE.has(payload.type));
  const late = pickFrom([...facts, ...recordsOwed(payloads)], pick);
  if (late !== undefined) story.tell(late);
}

/** A record for each call that has none, whatever has become of its attempt. */
function recordsOwed(payloads: readonly EventPayload[]): readonly Fact[] {
  const callOf = ({ key, execution }: { readonly key: string; readonly execution: number }) => `${key} ${execution}`;
  const known = payloads.flatMap((payload) => (payload.type === 'effect.recorded' ? [callOf(payload)] : []));
  return payloads
    .filter((payload) => payload.type === 'effect.intended')
    .filter((payload) => !known.includes(callOf(payload)))
    .map(({ key, node, visit, execution }) => {
      const outcome = { kind: 'value' as const, value: 'late' };
      return { type: 'effect.recorded', key, node, visit, execution, outcome, spent: {} };
    });
}

/** Brings the run to its end: every attempt gives a signal, every stop succeeds, every parked effect counts as failed. */
function bringToEnd(story: RunStory): void {
  for (let turn = 0; !hasEnded(story.state); turn += 1) {
    if (turn > 2_000) throw new Error('the run does not come to an end');
    answer(story, 'fail');
    play(story, { kind: 'stopped', pick: 0, rare: 9, amount: 0 });
    play(story, { kind: 'result', pick: turn, rare: 9, amount: turn });
  }
}

// --- the invariants

function checkState(state: RunState): void {
  const atWork = pending(state).some(({ kind }) => kind === 'attempt' || kind === 'stop');
  const waits = state.status === 'paused' && state.waitingFor.length > 0;
  if (!hasEnded(state) && !atWork && !waits) expect.fail(`I1: stuck at ${JSON.stringify(state.nodes)}`);
  for (const { id, maxAttempts, maxVisits } of state.workflow.nodes) {
    const node = nodeOf(state, id);
    const isHead = state.plan.regions.some(({ head }) => head === id);
    expect(node.attempt, 'I4').toBeLessThanOrEqual(maxAttempts);
    if (isHead && node.attempt > 0) expect(node.visit, 'I4').toBeLessThanOrEqual(maxVisits);
  }
}

function checkDecisions(events: readonly RunEvent[]): void {
  let state: RunState | undefined;
  let isEnding = false;
  for (const event of events) {
    if (state !== undefined) checkEvent(state, event, isEnding);
    isEnding ||= startsAnEnding(event);
    state = evolve(state, event);
    if (event.payload.type === 'effect.intended') checkFits(state);
  }
}

function startsAnEnding({ payload }: RunEvent): boolean {
  if (payload.type === 'attempt.stopping') return payload.cause !== 'node_deadline';
  return payload.type === 'node.failed' || payload.type === 'cancel.requested';
}

function checkEvent(state: RunState, { payload }: RunEvent, isEnding: boolean): void {
  if (payload.type === 'attempt.scheduled') {
    expect(isEnding, 'I2').toBe(false);
    const { needs } = definitionOf(state, payload.node);
    expect(
      needs.every((need) => nodeOf(state, need).status === 'succeeded'),
      'I3',
    ).toBe(true);
    expect(isInFlight(nodeOf(state, payload.node)), 'I5').toBe(false);
  }
  if (payload.type === 'route.taken' && payload.region.length > 0) checkRestart(state, payload.region);
}

/** An attempt that completed, or stopped, is succeeded by the next one. */
function isInFlight({ status }: NodeState): boolean {
  return status === 'scheduled' || status === 'stopping';
}

function checkRestart(state: RunState, region: readonly string[]): void {
  for (const { id, needs } of state.workflow.nodes) {
    const sources = [...needs, ...(state.plan.routedFrom[id] ?? [])];
    if (region.includes(id)) {
      const { status } = nodeOf(state, id);
      expect(status === 'waiting' || isSettled(nodeOf(state, id)), 'I5').toBe(true);
    } else if (sources.some((source) => region.includes(source))) {
      expect(nodeOf(state, id).status, `I6 ${id}`).toBe('waiting');
    }
  }
}

/** I11, from the log alone. */
function checkRestored(events: readonly RunEvent[]): void {
  const cleared = new Set<string>();
  let isRestored = false;
  for (const { payload } of events) {
    if (payload.type === 'run.restored' && !payload.isOriginalStopped) {
      isRestored = true;
      cleared.clear();
    }
    if (payload.type === 'effect.resolved' && payload.resolution === 'retry') cleared.add(payload.key);
    if (payload.type !== 'effect.intended' || payload.policy !== 'once' || !isRestored) continue;
    expect(cleared.delete(payload.key), 'I11').toBe(true);
  }
}

function checkFits({ budget }: RunState): void {
  for (const dimension of dimensions) {
    const limit = budget.limit[dimension] ?? Number.POSITIVE_INFINITY;
    expect(budget.spent[dimension] + budget.reserved[dimension], 'I7').toBeLessThanOrEqual(limit);
  }
}

function checkLog(story: RunStory): void {
  const stored = JSON.parse(canonicalJson(story.events)) as RunEvent[];
  const folded = fold(stored);
  expect(folded, 'I8').toEqual(story.state);
  if (folded !== undefined) expect(canonicalJson(pending(folded))).toBe(canonicalJson(pending(story.state)));
  expect(structuredClone(story.state)).toEqual(story.state);
  expect(verifyReplay(stored), 'I10').toEqual([]);
}

/** I9: each fact is told to the state as a snapshot before it would have kept it. */
function checkSnapshots(events: readonly RunEvent[]): void {
  let state: RunState | undefined;
  for (const [index, event] of events.entries()) {
    if (!isFact(event.payload)) continue;
    const kept: RunState | undefined = state === undefined ? undefined : throughSnapshot(state);
    const next = step(kept, event as FactEvent);
    const recorded = events.slice(index, index + next.events.length);
    expect(canonicalJson(next.events), 'I9').toBe(canonicalJson(recorded));
    state = next.state;
  }
}

function checkStory(workflow: Workflow, moves: readonly Move[]): void {
  const story = new RunStory(workflow);
  checkState(story.state);
  for (const move of moves) {
    play(story, move);
    checkState(story.state);
  }
  checkLog(story);
  bringToEnd(story);
  checkState(story.state);
  checkDecisions(story.events);
  checkRestored(story.events);
  checkLog(story);
  checkSnapshots(story.events);
  expect(story.state.budget.reserved, 'I7').toEqual(nothing);
}

test('random workflows told random facts keep every invariant', () => {
  fc.assert(fc.property(aPlannedWorkflow, fc.array(aMove, { maxLength: 50 }), checkStory), { numRuns: 1_000 });
}, 120_000);

const aMigration = aMove.map((move) => ({ ...move, kind: 'migrate' as const }));
const aResult = aMove.map((move) => ({ ...move, kind: 'result' as const }));

test('so do runs that go on with other workflows again and again', () => {
  const someMoves = fc.array(fc.oneof(aMigration, aResult, aMove), { minLength: 5, maxLength: 30 });
  fc.assert(fc.property(aPlannedWorkflow, someMoves, checkStory), { numRuns: 1_000 });
}, 120_000);

test('what a run does after its end is nothing, whatever it is told', () => {
  fc.assert(
    fc.property(aPlannedWorkflow, fc.array(aMove, { maxLength: 20 }), (workflow, moves) => {
      const story = new RunStory(workflow);
      bringToEnd(story);
      const { seq: _, ts: __, ...ended } = story.state;
      for (const move of moves) play(story, move);
      story.cancel();
      story.tell({
        type: 'attempt.completed',
        node: 'n0',
        visit: 1,
        attempt: 1,
        incarnation: 1,
        outcome: resultOf('n0'),
      });
      const { seq: ___, ts: ____, ...after } = story.state;
      expect(after).toEqual(ended);
    }),
    { numRuns: 200 },
  );
}, 60_000);

test('a workflow is refused with an entry of the catalogue, the same every time, or planned the same every time', () => {
  verifies('OC-4');
  fc.assert(
    fc.property(aRandomWorkflow, (workflow) => {
      const refused = refusalOf(workflow);
      if (refused === undefined) {
        const plan = planGraph(workflow);
        expect(canonicalJson(planGraph(structuredClone(workflow)))).toBe(canonicalJson(plan));
        expect(plan.order.toSorted()).toEqual(workflow.nodes.map(({ id }) => id).toSorted());
      } else {
        expect(refused.reason).toMatch(/^invalid_argument\/(route_not_dominating|graph_cycle|workflow)$/);
        expect(refusalOf(structuredClone(workflow))?.message).toBe(refused.message);
      }
    }),
    { numRuns: 1_000 },
  );
});
