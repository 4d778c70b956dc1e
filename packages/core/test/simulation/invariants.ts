import { isDeepStrictEqual } from 'node:util';
import { dimensions, type Amounts, type DecisionOf, type EventPayload, type FactOf } from '@vltair/protocol';
import { verifyReplay, verifyRun, type EventStore, type RunState } from '../../src/index.ts';
import { definitionOf, isCleanup } from '../../src/machine/definition.ts';
import { findNode, hasEnded, isSettled, nodeOf } from '../../src/machine/run-state.ts';
import { checkLedger, type SeenCalls } from './ledger-invariants.ts';
import type { LogBook, RunBook } from './log-book.ts';
import { fail } from './violation.ts';
import type { World } from './world.ts';

export interface Evidence {
  readonly book: LogBook;
  readonly world: World;
  readonly store: EventStore;
  /** Commands that people put into the inbox. */
  readonly sent: readonly { readonly id: string; readonly run: string }[];
}

export async function checkLogs({ book, world, store, sent }: Evidence): Promise<void> {
  for (const run of book.runs) {
    checkRun(run, world);
    await checkProof(run, store);
  }
  checkFamilies(book);
  for (const command of sent) await checkAnswer(command, book, store);
}

/** All that one log tells by itself, and with what the outside has seen of its run. @throws Violation */
export function checkRun(run: RunBook, seen: SeenCalls): void {
  checkSteps(run);
  checkLedger(run, seen);
  checkCommands(run);
  checkRest(run);
}

// --- event by event

type Event = RunBook['landed'][number]['event'];

function checkSteps(run: RunBook): void {
  let epoch = 0;
  for (const [index, { event }] of run.landed.entries()) {
    if (event.epoch < epoch) fail('SI12', run, event, `epoch ${event.epoch} writes after ${epoch}`);
    epoch = event.epoch;
    const before = run.states[index - 1];
    if (before === undefined) continue;
    if (event.epoch > before.epoch && event.payload.type !== 'run.claimed' && !hasEnded(before))
      fail('SI12', run, event, `a new writer begins with ${event.payload.type}`);
    checkStarts(run, before, event);
    checkAttempts(run, before, event);
    checkEnds(run, before, event);
    checkUndoing(run, before, event);
    if (event.kind === 'fact') checkDeadlines(run, before, event);
    if (event.payload.type === 'route.taken') checkLoop(run, before, event);
    if (event.payload.type === 'timer.fired') checkTimer(run, run.landed[index - 1]?.event, event);
    if (event.payload.type === 'run.claimed') checkClaim(run, before, run.states[index], event);
  }
}

/** SI24. */
function checkTimer(run: RunBook, previous: Event | undefined, event: Event): void {
  if (previous?.epoch === event.epoch && isDeepStrictEqual(previous.payload, event.payload))
    fail('SI24', run, event, JSON.stringify(event.payload));
}

/** SI22: what an earlier owner still does under the old number counts for nothing. */
function checkClaim(run: RunBook, before: RunState, after: RunState | undefined, event: Event): void {
  if (hasEnded(before)) return;
  for (const [path, { status, incarnation }] of Object.entries(before.nodes))
    if (status === 'scheduled' && after?.nodes[path]?.incarnation !== incarnation + 1)
      fail('SI22', run, event, `${path} goes on as incarnation ${incarnation}`);
}

/** What begins work at a node. */
function startOf(payload: EventPayload): string | undefined {
  switch (payload.type) {
    case 'attempt.scheduled':
    case 'node.suspended':
    case 'map.expanded':
      return payload.node;
    default:
      return undefined;
  }
}

function checkStarts(run: RunBook, before: RunState, event: Event): void {
  const path = startOf(event.payload);
  if (path === undefined) return;
  const node = nodeOf(before, path);
  const isLate = isCleanup(before, path, node);
  if (!isLate && isEnding(before)) fail('SI2', run, event, `${path} starts while the run ends`);
  if (isLate && before.ending === undefined) fail('SI13', run, event, `${path} starts before the run ends`);
  if (!isLate && node.isCancelled) fail('SI2', run, event, `${path} starts although its branch is cancelled`);
  if (before.pause !== undefined && node.status === 'waiting' && !isLate)
    fail('SI2', run, event, `${path} starts in a pause`);
  if (node.status === 'waiting' && node.origin === undefined) checkNeeds(run, before, event, path);
}

/** Why a run has to end, as the log tells it: nothing of the machine's own rules. */
function isEnding(state: RunState): boolean {
  if (state.cancel !== undefined || state.ending !== undefined) return true;
  if (state.deadlineTs !== undefined && state.ts >= state.deadlineTs) return true;
  return state.workflow.nodes.some(({ id, onFailure }) => {
    const { status, routedTo, route } = nodeOf(state, id);
    return status === 'failed' && onFailure === undefined && route === undefined && routedTo === undefined;
  });
}

function checkNeeds(run: RunBook, before: RunState, event: Event, path: string): void {
  const { needs, tolerates = [] } = definitionOf(before, path);
  for (const need of needs) {
    const { status } = nodeOf(before, need);
    const isMet = status === 'succeeded' || (tolerates.includes(need) && isSettled(nodeOf(before, need)));
    const isFreed = isCleanup(before, path, nodeOf(before, path)) && isSettled(nodeOf(before, need));
    if (!isMet && !isFreed) fail('SI11', run, event, `${path} starts while ${need} is ${status}`);
  }
}

function checkAttempts(run: RunBook, before: RunState, { payload, ...event }: Event): void {
  if (payload.type !== 'attempt.scheduled') return;
  const { node: path, visit, attempt } = payload;
  const node = nodeOf(before, path);
  const definition = definitionOf(before, path);
  const said = { payload, ...event };
  if (attempt > definition.maxAttempts) fail('SI15', run, said, `attempt ${attempt} of ${definition.maxAttempts}`);
  if (node.status === 'scheduled' || node.status === 'stopping') fail('SI15', run, said, `${path} is at work already`);
  if (attempt > 1 && node.visit !== visit) fail('SI15', run, said, `attempt ${attempt} in a new visit`);
  const isHead = before.plan.regions.some(({ head }) => head === path);
  if (isHead && visit - node.floor > definition.maxVisits)
    fail('SI15', run, said, `visit ${visit} of ${definition.maxVisits}`);
}

/** SI20: the youngest first, each once, and none before the run is ending. */
function checkUndoing(run: RunBook, before: RunState, event: Event): void {
  if (event.payload.type !== 'compensation.started') return;
  const { node, visit } = event.payload;
  const events = run.landed.map((landed) => landed.event).filter(({ seq }) => seq < event.seq);
  const since = events.slice(events.findLastIndex(({ payload }) => REOPENS.has(payload.type)) + 1);
  const undone = since.filter(({ payload }) => payload.type === 'compensation.started');
  if (
    undone.some(
      ({ payload }) => payload.type === 'compensation.started' && payload.node === node && payload.visit === visit,
    )
  )
    fail('SI20', run, event, `${node}#${visit} is undone twice`);
  const atOf = (path: string, times: number): number =>
    events.findLastIndex(({ payload }) => hasDone(payload) && payload.node === path && payload.visit === times);
  const last = undone.at(-1)?.payload;
  if (last?.type === 'compensation.started' && atOf(last.node, last.visit) < atOf(node, visit))
    fail('SI20', run, event, `${last.node} was undone before ${node}, which succeeded later`);
  const open = Object.entries(before.nodes).find(
    ([, { origin, status }]) => origin?.kind === 'undo' && !isSettledStatus(status),
  );
  if (open !== undefined) fail('SI20', run, event, `${node} is undone while ${open[0]} is ${open[1].status}`);
}

/** A child may have succeeded although its node was stopping. */
function hasDone(payload: Event['payload']): payload is FactOf<'subrun.ended'> | DecisionOf<'node.succeeded'> {
  return payload.type === 'node.succeeded' || (payload.type === 'subrun.ended' && payload.status === 'succeeded');
}

function isSettledStatus(status: string): boolean {
  return /^(succeeded|failed|skipped|cancelled)$/.test(status);
}

/** SI19: what followed from the fact before has stopped whatever was overdue then. */
function checkDeadlines(run: RunBook, before: RunState, event: Event): void {
  if (hasEnded(before)) return;
  const isOver = before.deadlineTs !== undefined && before.ts >= before.deadlineTs;
  for (const [path, node] of Object.entries(before.nodes)) {
    if (node.status !== 'scheduled') continue;
    const isLate = isOver && !isCleanup(before, path, node);
    if (isLate || (node.deadlineTs !== undefined && before.ts >= node.deadlineTs))
      fail('SI19', run, event, `${path} goes on after its deadline`);
  }
}

/** SI21, by its definition: without the head, nothing leads to where the route comes from. */
function checkLoop(run: RunBook, before: RunState, event: Event): void {
  if (event.payload.type !== 'route.taken' || event.payload.region.length === 0) return;
  const { from, to } = event.payload;
  const { nodes } = before.workflow;
  const reached = new Set<string>();
  for (let size = -1; size < reached.size;) {
    size = reached.size;
    for (const { id, needs } of nodes) {
      const sources = nodes.filter(
        ({ routes, onFailure }) =>
          routes.some((route) => 'to' in route && route.to === id) ||
          (typeof onFailure === 'object' && onFailure.to === id),
      );
      const isLedTo =
        sources.every(
          (source) => source.id === id || before.plan.order.indexOf(source.id) > before.plan.order.indexOf(id),
        ) || sources.some((source) => reached.has(source.id));
      if (id !== to && needs.every((need) => reached.has(need)) && isLedTo) reached.add(id);
    }
  }
  if (reached.has(from)) fail('SI21', run, event, `${from} can be reached without ${to}`);
}

const REOPENS: ReadonlySet<string> = new Set(['retry.requested', 'rollback.requested']);

function checkEnds(run: RunBook, before: RunState, event: Event): void {
  if (hasEnded(before) && event.kind === 'decision') fail('SI16', run, event, `${event.payload.type} after the end`);
  const isEnd = /^run\.(succeeded|failed|cancelled)$/.test(event.payload.type);
  if (!isEnd) return;
  const ends = (before.workflow.finally ?? []).map(({ id }) => ({ id, ...nodeOf(before, id) }));
  const open = ends.find((node) => !isSettled(node));
  if (open !== undefined) fail('SI13', run, event, `the run ends while ${open.id} is ${open.status}`);
  for (const { id } of ends) checkOnce(run, event, id);
}

/** Since the run began, or was taken up again. */
function checkOnce(run: RunBook, end: Event, id: string): void {
  const events = run.landed.map(({ event }) => event).filter(({ seq }) => seq < end.seq);
  const since = events.findLastIndex(({ payload }) => REOPENS.has(payload.type)) + 1;
  const visits = events
    .slice(since)
    .filter(({ payload }) => payload.type === 'attempt.scheduled' && payload.node === id && payload.attempt === 1);
  if (visits.length > 1) fail('SI13', run, end, `${id} ran ${visits.length} times`);
}

// --- whole runs

function checkCommands(run: RunBook): void {
  const ids = run.landed.flatMap(({ event: { payload } }) =>
    'commandId' in payload && payload.commandId !== undefined ? [payload.commandId] : [],
  );
  const twice = ids.find((id, index) => ids.indexOf(id) !== index);
  if (twice !== undefined) fail('SI14', run, undefined, `${twice} is applied twice`);
}

/** SI14: who sent it is told what became of it. */
async function checkAnswer({ id, run }: Evidence['sent'][number], book: LogBook, store: EventStore): Promise<void> {
  const answer = await store.answerTo(id);
  const event = book
    .of(run)
    ?.landed.find(({ event: { payload } }) => 'commandId' in payload && payload.commandId === id);
  if (answer === undefined) fail('SI14', { run }, event?.event, `${id} is not answered`);
  const isDone = answer.refusal === undefined;
  if (isDone !== (event !== undefined))
    fail('SI14', { run }, event?.event, `${id} is answered with ${answer.refusal?.reason ?? 'success'}`);
}

/** SI8, and SI1 for every state on the way. */
function checkRest({ run, states, landed }: RunBook): void {
  for (const [index, state] of states.entries()) {
    if (state.status === 'paused' && state.waitingFor.length === 0)
      fail('SI1', { run }, landed[index]?.event, 'it is paused and waits for nothing');
    for (const dimension of dimensions)
      if (state.budget.reserved[dimension] < 0) fail('SI8', { run }, landed[index]?.event, `${dimension} below zero`);
  }
  const last = states.at(-1);
  if (last === undefined || !hasEnded(last)) return;
  checkSettled(run, last.budget.reserved, 'the run');
  for (const [path, { budget }] of Object.entries(last.nodes))
    if (budget !== undefined) checkSettled(run, budget.reserved, path);
}

function checkSettled(run: string, reserved: Amounts, what: string): void {
  const left = dimensions.find((dimension) => reserved[dimension] !== 0);
  if (left !== undefined) fail('SI8', { run }, undefined, `${what} has ${reserved[left]} ${left} reserved at the end`);
}

async function checkProof({ run, landed }: RunBook, store: EventStore): Promise<void> {
  const [difference] = verifyReplay(landed.map(({ event }) => event));
  if (difference !== undefined) fail('SI10', { run }, undefined, `replay differs: ${JSON.stringify(difference)}`);
  const verdict = await verifyRun(store, run);
  if (verdict.kind === 'refused')
    fail('SI10', { run }, undefined, `${verdict.reason} at ${verdict.seq}: ${verdict.detail}`);
}

/** SI12: who begins a child is the owner of the run above it. */
function checkBeginning(created: Event | undefined, above: RunBook): void {
  const before = above.landed.findLast(({ event }) => created !== undefined && event.position < created.position);
  if (created !== undefined && before !== undefined && created.epoch !== before.event.epoch)
    fail('SI12', created, created, `epoch ${created.epoch} begins a child of epoch ${before.event.epoch}`);
}

/** SI25. */
function checkCalledFor(run: string, created: Event | undefined, above: RunBook): void {
  const isCalledFor = above.landed.some(
    ({ event: { payload, position } }) =>
      payload.type === 'node.suspended' &&
      payload.wait.kind === 'subrun' &&
      payload.wait.run === run &&
      position < (created?.position ?? Infinity),
  );
  if (!isCalledFor) fail('SI25', { run }, created, `nothing in the log of ${above.run} calls for it`);
}

/** What the logs of runs and of the runs below them tell of each other. @throws Violation */
export function checkFamilies(book: Pick<LogBook, 'runs' | 'of'>): void {
  for (const { run, states, landed } of book.runs) {
    const { parent } = states[0] ?? {};
    const above = parent === undefined ? undefined : book.of(parent.run);
    if (parent === undefined || above === undefined) continue;
    checkBeginning(landed[0]?.event, above);
    checkCalledFor(run, landed[0]?.event, above);
    const ended = above.landed.find(({ event: { payload } }) => payload.type === 'subrun.ended' && payload.run === run);
    const own = landed.find(({ event: { payload } }) => /^run\.(succeeded|failed|cancelled)$/.test(payload.type));
    if (ended !== undefined && (own === undefined || own.event.position > ended.event.position))
      fail('SI17', { run }, ended.event, 'its end is told before it has ended');
    const parentState = above.states.at(-1);
    if (parentState !== undefined && hasEnded(parentState) && own === undefined)
      fail('SI17', { run }, undefined, 'it outlives the run above it');
    const node = parentState === undefined ? undefined : findNode(parentState, parent.node);
    if (node !== undefined && parentState !== undefined && hasEnded(parentState) && !isSettled(node))
      fail('SI17', above, undefined, `${parent.node} is ${node.status}`);
  }
}
