import type { AgentTask, AttemptRef, FactOf, Wait } from '@vltair/protocol';
import { definitionOf } from './definition.ts';
import { openNodes } from './open-nodes.ts';
import { hasEnded, type NodeState, type RunState } from './run-state.ts';
import { taskOf } from './task.ts';
import { fillWords } from './template.ts';

export type Timer = FactOf<'timer.fired'>['timer'];

/** Work that should be in flight in a state. */
export type Activity =
  | {
      readonly kind: 'attempt';
      readonly ref: AttemptRef;
      readonly incarnation: number;
      /** Not before this time. */
      readonly dueTs: number;
      readonly task: AgentTask;
      readonly tree: string | undefined;
      /** Higher goes first among what is due. */
      readonly priority: number;
      readonly concurrencyKey: string | undefined;
    }
  | { readonly kind: 'stop'; readonly ref: AttemptRef }
  /** A child run that should be at work, or stop where `isStopping`. */
  | {
      readonly kind: 'subrun';
      readonly node: string;
      readonly visit: number;
      readonly wait: Extract<Wait, { kind: 'subrun' }>;
      readonly isStopping: boolean;
    }
  | { readonly kind: 'timer'; readonly timer: Timer; readonly dueTs: number };

export type SubrunActivity = Extract<Activity, { kind: 'subrun' }>;

/**
 * What should be in flight. The runtime compares this with what is, and starts or stops the difference; recovery after
 * a crash is the same comparison with nothing in flight.
 */
export function pending(state: RunState): readonly Activity[] {
  if (hasEnded(state)) return [];
  const activities = openNodes(state).flatMap(({ path, node }) => nodeActivities(state, path, node));
  const timers = approvalTimers(state);
  const { deadlineTs, ending, ts } = state;
  // Once it has passed the machine knows, also while the run waits for what has to stop first.
  const isAhead = deadlineTs !== undefined && ending === undefined && ts < deadlineTs;
  return isAhead
    ? [...activities, ...timers, { kind: 'timer', timer: { kind: 'run_deadline' }, dueTs: deadlineTs }]
    : [...activities, ...timers];
}

/** The part of {@link pending} that reaches beyond the run. */
export function pendingSubruns(state: RunState): readonly SubrunActivity[] {
  if (hasEnded(state)) return [];
  return openNodes(state).flatMap(({ path, node }) => subrunOf(path, node) ?? []);
}

/** When the next timer of a state is due; `undefined` when it has none. */
export function wakeTsOf(state: RunState): number | undefined {
  const due = pending(state).flatMap((activity) => (activity.kind === 'timer' ? [activity.dueTs] : []));
  return due.length === 0 ? undefined : Math.min(...due);
}

/** One name per activity: equal keys are the same work. */
export function activityKey(activity: Activity): string {
  switch (activity.kind) {
    case 'attempt':
      return `attempt ${refKey(activity.ref)} i${activity.incarnation}`;
    case 'stop':
      return `stop ${refKey(activity.ref)}`;
    case 'subrun':
      return `subrun ${activity.wait.run}${activity.isStopping ? ' stop' : ''}`;
    case 'timer':
      return `${timerKey(activity.timer)} ${activity.dueTs}`;
  }
}

export function refKey(ref: AttemptRef): string {
  return `${ref.node}#${ref.visit} a${ref.attempt}`;
}

function timerKey(timer: Timer): string {
  switch (timer.kind) {
    case 'run_deadline':
      return 'deadline';
    case 'node_deadline':
    case 'wait_end':
      return `${timer.kind} ${timer.node}#${timer.visit}`;
    default:
      return `${timer.kind} ${timer.approval}`;
  }
}

function nodeActivities(state: RunState, path: string, node: NodeState): readonly Activity[] {
  const { status, visit, attempt } = node;
  const ref = { node: path, visit, attempt };
  const subrun = subrunOf(path, node);
  if (subrun !== undefined) return subrun.isStopping ? [subrun] : [subrun, ...deadlineOf(path, node)];
  if (status === 'stopping') return [{ kind: 'stop', ref }];
  if (status === 'suspended') return waitTimer(path, node);
  if (status !== 'scheduled') return [];
  return [attemptOf(state, path, node), ...deadlineOf(path, node)];
}

function subrunOf(node: string, { status, visit, wait }: NodeState): SubrunActivity | undefined {
  if (wait?.kind !== 'subrun' || (status !== 'suspended' && status !== 'stopping')) return undefined;
  return { kind: 'subrun', node, visit, wait, isStopping: status === 'stopping' };
}

function attemptOf(state: RunState, path: string, node: NodeState): Activity {
  const { visit, attempt, incarnation, dueTs, tree } = node;
  const { priority, concurrencyKey } = definitionOf(state, path);
  return {
    kind: 'attempt',
    ref: { node: path, visit, attempt },
    incarnation,
    dueTs,
    task: taskOf(state, path, node),
    tree,
    priority: priority ?? state.workflow.priority ?? 0,
    concurrencyKey: concurrencyKey === undefined ? undefined : fillWords(concurrencyKey, state, path),
  };
}

function deadlineOf(node: string, { visit, deadlineTs }: NodeState): readonly Activity[] {
  return deadlineTs === undefined
    ? []
    : [{ kind: 'timer', timer: { kind: 'node_deadline', node, visit }, dueTs: deadlineTs }];
}

function waitTimer(node: string, { visit, wait }: NodeState): readonly Activity[] {
  const dueTs = wait?.kind === 'sleep' ? wait.untilTs : wait?.kind === 'signal' ? wait.expiresTs : undefined;
  return dueTs === undefined ? [] : [{ kind: 'timer', timer: { kind: 'wait_end', node, visit }, dueTs }];
}

function approvalTimers(state: RunState): readonly Activity[] {
  return Object.entries(state.approvals).flatMap(([approval, asked]) => {
    if (asked.status !== 'waiting') return [];
    const warning: readonly Activity[] =
      asked.warnTs === undefined || asked.isWarned
        ? []
        : [{ kind: 'timer', timer: { kind: 'approval_warning', approval }, dueTs: asked.warnTs }];
    if (asked.expiresTs === undefined) return warning;
    return [...warning, { kind: 'timer', timer: { kind: 'approval_expiry', approval }, dueTs: asked.expiresTs }];
  });
}
