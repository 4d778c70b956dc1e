import { failure, type Decision, type Ending, type Failure, type Route } from '@vltair/protocol';
import { fillOutput, startVisit } from './conclude-start.ts';
import { definitionOf, isCleanup } from './definition.ts';
import { closingReasons } from './evolve-node.ts';
import { exhausted, regionOfRoute, visitsLeft } from './loop-visits.ts';
import { openNodes, type OpenNode } from './open-nodes.ts';
import { isAtWork, isResting, isSettled, nodeOf, type NodeState, type RunState, type StopCause } from './run-state.ts';
import { stopVisit } from './stop-visit.ts';

/** An ending, and why what still works has to stop. */
interface Closing {
  readonly ending: Ending;
  readonly cause: StopCause;
}

/**
 * Why the run has to end, by rank: what has been settled on, a cancel, the deadline, a failed node, a route to the end, a
 * loop without visits left, all nodes done.
 */
export function endingOf(state: RunState): Closing | undefined {
  if (state.ending !== undefined) return { ending: state.ending, cause: 'run_ending' };
  if (state.cancel !== undefined)
    return { ending: { kind: 'cancelled', reason: state.cancel.reason }, cause: 'cancelled' };
  if (state.deadlineTs !== undefined && state.ts >= state.deadlineTs) {
    return { ending: { kind: 'failed', failure: failure('deadline_exceeded/run') }, cause: 'run_deadline' };
  }
  const open = openNodes(state);
  for (const { path, node, isFinally } of open) {
    const ending = isFinally ? undefined : endingBy(state, path, node);
    if (ending !== undefined) return { ending, cause: 'run_ending' };
  }
  const isDone = open.every(({ node, isFinally }) => isFinally || (isSettled(node) && node.route === undefined));
  return isDone ? { ending: { kind: 'succeeded' }, cause: 'run_ending' } : undefined;
}

/** A failed child fails its node first. */
function endingBy(state: RunState, path: string, node: NodeState): Ending | undefined {
  if (node.origin !== undefined) return undefined;
  const isFatal = node.status === 'failed' && node.route === undefined && node.routedTo === undefined;
  if (isFatal && definitionOf(state, path).onFailure !== 'continue')
    return failedBy(path, node.failure ?? failure('internal/unexpected'));
  return node.route === undefined ? undefined : endingOfRoute(state, path, node.route);
}

function endingOfRoute(state: RunState, id: string, route: Route): Ending | undefined {
  if ('to' in route) {
    const spent = regionOfRoute(state, id, route.to) !== undefined && !visitsLeft(state, route.to);
    return spent ? failedBy(id, exhausted(state, route.to, `${id} routes back to it on ${route.on}`, id)) : undefined;
  }
  if (route.end === 'succeeded') return { kind: 'succeeded', by: id };
  return failedBy(id, failure(route.reason ?? 'fatal/agent', { detail: `${id} ended with ${route.on}`, where: id }));
}

function failedBy(id: string, cause: Failure): Ending {
  return { kind: 'failed', failure: cause, by: id };
}

/** M2: first every attempt and child stops, then what did not run is closed, then it cleans up, then the run ends. */
export function endRun(state: RunState, closing: Closing): Decision | undefined {
  return (
    stopWork(state, closing) ??
    (openNodes(state).some(({ node }) => isAtWork(node)) ? undefined : closeRun(state, closing.ending))
  );
}

function stopWork(state: RunState, { cause }: Closing): Decision | undefined {
  if (state.ending !== undefined) return undefined;
  for (const { path, node } of openNodes(state)) {
    const stop = stopVisit(path, node, cause);
    if (stop !== undefined) return stop;
  }
  return undefined;
}

function closeRun(state: RunState, ending: Ending): Decision | undefined {
  const open = state.ending === undefined ? closeOpenNode(state, ending) : undefined;
  return open ?? cleanUp(state, ending);
}

/** Children before their node, so that nothing below an ended node is open. */
function closeOpenNode(state: RunState, ending: Ending): Decision | undefined {
  const isOpen = ({ node, isFinally }: OpenNode): boolean => !isSettled(node) && !isFinally;
  const open = openNodes(state).filter(isOpen);
  const last = open.find(({ node }) => node.children.every((child) => isSettled(nodeOf(state, child))));
  if (last === undefined) return undefined;
  const place = { node: last.path, visit: Math.max(last.node.visit, 1) };
  if (ending.kind === 'cancelled') return { type: 'node.cancelled', ...place };
  return { type: 'node.skipped', ...place, because: closingReasons[ending.kind] };
}

/** M1. */
function cleanUp(state: RunState, ending: Ending): Decision | undefined {
  const isUndone = ending.kind !== 'succeeded';
  const isPlanned = (isUndone && state.undo.length > 0) || state.plan.cleanup.length > 0;
  if (isPlanned && state.ending === undefined) return { type: 'run.ending', ending };
  if (isCleanupResting(state)) return undefined;
  return (isUndone ? undo(state) : undefined) ?? runCleanup(state) ?? endDecision(state, ending);
}

/** What cleans up waits for people; nothing goes past it. */
function isCleanupResting(state: RunState): boolean {
  return Object.entries(state.nodes).some(([path, node]) => isResting(node) && isCleanup(state, path, node));
}

/** One after the other, the youngest first. */
function undo(state: RunState): Decision | undefined {
  const waiting = state.paths.find((path) => isOpenUndo(nodeOf(state, path)));
  if (waiting !== undefined) return startVisit(state, waiting, definitionOf(state, waiting));
  const last = state.undo.at(-1);
  return last === undefined ? undefined : { type: 'compensation.started', node: last.node, visit: last.visit };
}

function isOpenUndo({ origin, status }: NodeState): boolean {
  return origin?.kind === 'undo' && status === 'waiting';
}

function runCleanup(state: RunState): Decision | undefined {
  const waiting = state.plan.cleanup.filter((id) => nodeOf(state, id).status === 'waiting');
  const [id] = waiting.filter((candidate) =>
    definitionOf(state, candidate).needs.every((need) => isSettled(nodeOf(state, need))),
  );
  if (id === undefined) return undefined;
  return startVisit(state, id, definitionOf(state, id));
}

function endDecision(state: RunState, ending: Ending): Decision {
  const left = leftUndone(state, ending);
  if (left !== undefined) return { type: 'run.failed', failure: left };
  if (ending.kind === 'cancelled') return { type: 'run.cancelled', reason: ending.reason };
  if (ending.kind === 'failed') {
    const { failure: cause, by } = ending;
    return { type: 'run.failed', failure: cause, ...(by === undefined ? {} : { by }) };
  }
  return succeed(state, ending);
}

function succeed(state: RunState, { by }: Extract<Ending, { kind: 'succeeded' }>): Decision {
  const broken = state.plan.cleanup.find((id) => nodeOf(state, id).status === 'failed');
  const given = broken === undefined ? fillOutput(state) : undefined;
  const cause = broken === undefined ? given?.failure : nodeOf(state, broken).failure;
  if (cause !== undefined)
    return { type: 'run.failed', failure: cause, ...(broken === undefined ? {} : { by: broken }) };
  const output = given?.output === undefined ? {} : { output: given.output };
  return { type: 'run.succeeded', ...(by === undefined ? {} : { by }), ...output };
}

/** A compensation that failed: what the run had done is not undone, whatever it ended for. */
function leftUndone(state: RunState, ending: Ending): Failure | undefined {
  const failing = Object.keys(state.nodes).filter((path) => {
    const { origin, status } = nodeOf(state, path);
    return origin?.kind === 'undo' && status === 'failed';
  });
  if (failing.length === 0) return undefined;
  const why = ending.kind === 'failed' ? ending.failure.message : ending.kind;
  return failure('fatal/compensation', { detail: `${failing.join(', ')}; the run: ${why}`, where: failing[0] ?? '' });
}
