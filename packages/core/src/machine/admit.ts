import type { Amounts, Carry, ErrorReason, Fact, Json, Manifest, Workflow } from '@vltair/protocol';
import { baseOf, definitionOf, everyPath } from './definition.ts';
import { isOverdue } from './evolve-approval.ts';
import { findEffect } from './evolve-effect.ts';
import { migrationObstacles } from './migrate.ts';
import { findNode, hasEnded, isActive, isSettled, nodeOf, type ApprovalState, type RunState } from './run-state.ts';
import { formProblem } from './signal-form.ts';

/** A wish from outside that may be refused. */
export type Command = { readonly by: string } & (
  | { readonly type: 'cancel'; readonly reason: string; readonly node?: string }
  | { readonly type: 'resolve'; readonly key: string; readonly resolution: 'retry' | 'fail' }
  /** `approval` is its id, or the node that waits for it. */
  | { readonly type: 'approve'; readonly approval: string; readonly comment?: string }
  | { readonly type: 'reject'; readonly approval: string; readonly reason: string }
  | { readonly type: 'signal'; readonly name: string; readonly data: Json }
  | { readonly type: 'pause'; readonly reason: string }
  | { readonly type: 'resume' }
  | { readonly type: 'retry'; readonly grant?: Amounts }
  /** The runtime reads the carry from the log. */
  | { readonly type: 'rollback'; readonly toSeq: number; readonly carry: Carry }
  /** The runtime makes the manifest. */
  | { readonly type: 'migrate'; readonly workflow: Workflow; readonly manifest: Manifest }
);
type CommandOf<T extends Command['type']> = Extract<Command, { readonly type: T }>;

export interface Refusal {
  readonly kind: 'refused';
  readonly reason: ErrorReason;
  readonly detail: string;
}

export interface Admission {
  readonly kind: 'admitted';
  readonly fact: Fact;
}

/** Messages that a run keeps for nodes that do not wait for them yet. */
const MAX_MAILBOX = 100;

type Id = { readonly commandId?: string };

/** May this wish become a fact in this state? */
export function admit(state: RunState, command: Command, commandId?: string): Admission | Refusal {
  const id: Id = commandId === undefined ? {} : { commandId };
  const { by } = command;
  if (command.type === 'retry') {
    if (state.status !== 'failed') return refusal('invalid_argument/not_failed', `${state.run} ${state.status}`);
    if (state.parent !== undefined)
      return refusal('invalid_argument/child_run', `the run above is ${state.parent.run}`);
    const { grant } = command;
    return admitted({ type: 'retry.requested', by, ...(grant === undefined ? {} : { grant }), ...id });
  }
  if (command.type === 'rollback') return admitRollback(state, command, id);
  if (hasEnded(state)) return refusal('invalid_argument/run_ended', `${state.run} ${state.status}`);
  switch (command.type) {
    case 'cancel':
      return admitCancel(state, command, id);
    case 'resolve':
      if (findEffect(state, command.key)?.effect.status !== 'parked')
        return refusal('not_found/parked_effect', command.key);
      return admitted({ type: 'effect.resolved', key: command.key, resolution: command.resolution, by, ...id });
    case 'approve':
    case 'reject':
      return admitAnswer(state, command, id);
    case 'signal':
      return admitSignal(state, command, id);
    case 'pause':
      if (state.ending !== undefined || state.cancel !== undefined)
        return refusal('invalid_argument/run_ending', state.run);
      if (state.pause !== undefined) return refusal('invalid_argument/run_paused', `by ${state.pause.by}`);
      return admitted({ type: 'pause.requested', by, reason: command.reason, ...id });
    case 'migrate':
      return admitMigration(state, command, id);
    case 'resume':
      return admitted({ type: 'resume.requested', by, ...id });
  }
}

function admitCancel(state: RunState, { by, reason, node }: CommandOf<'cancel'>, id: Id): Admission | Refusal {
  if (state.ending !== undefined) return refusal('invalid_argument/run_ending', `${state.run}: ${state.ending.kind}`);
  if (node === undefined) return admitted({ type: 'cancel.requested', by, reason, ...id });
  const branch = findNode(state, node);
  if (branch === undefined) return refusal('not_found/node', node);
  if (isSettled(branch)) return refusal('invalid_argument/node_ended', `${node} ${branch.status}`);
  return admitted({ type: 'cancel.requested', by, reason, node, ...id });
}

/** Refused with every obstacle there is, or moved as a whole. */
function admitMigration(
  state: RunState,
  { by, workflow, manifest }: CommandOf<'migrate'>,
  id: Id,
): Admission | Refusal {
  const { run, ending, cancel } = state;
  if (ending !== undefined || cancel !== undefined)
    return refusal('invalid_argument/run_ending', `${run}: ${ending?.kind ?? 'cancelled'}`);
  const obstacles = migrationObstacles(state, { workflow, manifest });
  if (obstacles.length > 0) return refusal('invalid_argument/migration', obstacles.join('; '));
  return admitted({ type: 'run.migrated', by, workflow, manifest, ...id });
}

function admitRollback(state: RunState, { by, toSeq, carry }: CommandOf<'rollback'>, id: Id): Admission | Refusal {
  const busy = everyPath(state).find((path) => {
    const node = findNode(state, path);
    return node !== undefined && (isActive(node) || node.wait?.kind === 'subrun');
  });
  if (busy !== undefined) return refusal('invalid_argument/run_busy', `${busy} is at work`);
  if (hasEnded(state) && state.parent !== undefined)
    return refusal('invalid_argument/child_run', `the run above is ${state.parent.run}`);
  const lost = lostByRollback(state, carry);
  if (lost !== undefined) return refusal('invalid_argument/rollback', lost);
  return admitted({ type: 'rollback.requested', by, toSeq, carry, ...id });
}

/** What would never be undone again, or is undone already and would count as done. */
function lostByRollback(state: RunState, { nodes }: Carry): string | undefined {
  const lost = state.undo.find(({ node, visit }) => {
    const isStillDone = Object.hasOwn(nodes, node) && nodes[node]?.status === 'succeeded';
    return baseOf(node) !== node || !isStillDone || nodeOf(state, node).visit !== visit;
  });
  if (lost !== undefined) return `${lost.node} would not be undone any more`;
  const undone = Object.values(state.nodes).find(({ origin }) => origin?.kind === 'undo');
  return undone?.origin === undefined ? undefined : `${undone.origin.of} has been undone`;
}

function admitAnswer(state: RunState, command: CommandOf<'approve' | 'reject'>, id: Id): Admission | Refusal {
  const found = findApproval(state, command.approval);
  if (found === undefined) return refusal('not_found/approval', command.approval);
  const [approval, asked] = found;
  if (asked.status !== 'waiting') return refusal('invalid_argument/approval_decided', toldOf(approval, asked));
  if (isOverdue(asked, state.ts)) return refusal('invalid_argument/approval_decided', `${approval} expired`);
  const { by } = command;
  if (asked.approvers?.includes(by) === false) return refusal('forbidden/approver', asked.approvers.join(', '));
  if (command.type === 'reject')
    return admitted({ type: 'approval.rejected', approval, by, reason: command.reason, ...id });
  const { comment } = command;
  return admitted({ type: 'approval.granted', approval, by, ...(comment === undefined ? {} : { comment }), ...id });
}

function toldOf(id: string, { status, by }: ApprovalState): string {
  return by === undefined ? `${id} ${status}` : `${id} ${status} by ${by}`;
}

/** By its id, else the one that the named node waits for, or waited for last. */
function findApproval(state: RunState, name: string): readonly [string, ApprovalState] | undefined {
  const entries = Object.entries(state.approvals);
  const ofNode = entries.filter(([, { node }]) => node === name);
  return entries.find(([id]) => id === name) ?? ofNode.find(([, { status }]) => status === 'waiting') ?? ofNode.at(-1);
}

function admitSignal(state: RunState, { by, name, data }: CommandOf<'signal'>, id: Id): Admission | Refusal {
  const takers = state.workflow.nodes.filter(
    (node) => node.signal !== undefined && signalName(state, node.id) === name,
  );
  if (takers.length === 0) return refusal('not_found/signal', name);
  if (state.mailbox.length >= MAX_MAILBOX)
    return refusal('resource_exhausted/mailbox', `${state.mailbox.length} messages`);
  const problems = takers.map(({ signal }) =>
    signal?.form === undefined ? undefined : formProblem(signal.form, data),
  );
  const [problem] = problems.includes(undefined) ? [] : problems;
  if (problem !== undefined) return refusal('invalid_argument/signal_data', problem);
  return admitted({ type: 'signal.received', name, data, by, ...id });
}

/** What the sender of a signal names. */
export function signalName(state: RunState, path: string): string {
  const { id, signal } = definitionOf(state, path);
  return signal?.name ?? id;
}

function admitted(fact: Fact): Admission {
  return { kind: 'admitted', fact };
}

function refusal(reason: ErrorReason, detail: string): Refusal {
  return { kind: 'refused', reason, detail };
}
