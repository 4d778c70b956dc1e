import type { DecisionOf, FactOf } from '@vltair/protocol';
import { isOn } from './behaviour-flags.ts';
import { changeNode } from './change-node.ts';
import { findNode, type ApprovalState, type NodeState, type RunState } from './run-state.ts';

type ApprovalEvent =
  | FactOf<'approval.granted' | 'approval.rejected'>
  | DecisionOf<'approval.requested' | 'approval.warned' | 'approval.expired' | 'approval.cancelled'>;

/** The fold of asking and answering. An answer that comes at or after the expiry, or a second one, changes nothing. */
export function evolveApproval(state: RunState, event: ApprovalEvent): RunState {
  switch (event.type) {
    case 'approval.requested':
      return requested(state, event);
    case 'approval.granted':
      return answered(state, event.approval, { status: 'granted', by: event.by, words: event.comment });
    case 'approval.rejected':
      return answered(state, event.approval, { status: 'rejected', by: event.by, words: event.reason });
    case 'approval.expired':
      return settled(state, event.approval, { status: 'expired' });
    case 'approval.cancelled':
      return changeApproval(state, event.approval, { status: 'cancelled' });
    case 'approval.warned':
      return changeApproval(state, event.approval, { isWarned: true });
  }
}

export function changeApproval(state: RunState, id: string, change: Partial<ApprovalState>): RunState {
  const approval = state.approvals[id];
  if (approval === undefined) return state;
  return { ...state, approvals: { ...state.approvals, [id]: { ...approval, ...change } } };
}

/** At its expiry an approval is too late, whichever event comes first. */
export function isOverdue({ expiresTs }: ApprovalState, ts: number): boolean {
  return expiresTs !== undefined && ts >= expiresTs;
}

function requested(state: RunState, event: DecisionOf<'approval.requested'>): RunState {
  const { approval, node, visit, digest, message, approvers, warnTs, expiresTs, gate } = event;
  const asked: ApprovalState = {
    status: 'waiting',
    node,
    visit,
    digest,
    message,
    approvers,
    requestedTs: state.ts,
    warnTs,
    isWarned: false,
    expiresTs,
    gate,
    by: undefined,
    words: undefined,
  };
  return { ...state, approvals: { ...state.approvals, [approval]: asked } };
}

function answered(state: RunState, id: string, answer: Pick<ApprovalState, 'status' | 'by' | 'words'>): RunState {
  const approval = state.approvals[id];
  if (approval?.status !== 'waiting' || isOverdue(approval, state.ts)) return state;
  return settled(state, id, answer);
}

/** The node that waited goes on: a held attempt with its next incarnation, which hears the answer when it asks again. */
function settled(state: RunState, id: string, change: Partial<ApprovalState>): RunState {
  const next = changeApproval(state, id, change);
  const path = next.approvals[id]?.node ?? '';
  const node = findNode(next, path);
  if (node?.status === 'held' && node.parkedKey === id) return changeNode(next, path, (held) => unheld(next, held));
  const isAsked = node?.status === 'suspended' && node.wait?.kind === 'approval' && node.wait.approval === id;
  return isAsked ? changeNode(next, path, (asked) => ({ ...asked, status: 'woken' })) : next;
}

/** The time of waiting does not count against the deadline of the visit. */
export function unheld(state: RunState, node: NodeState): NodeState {
  const isFree = node.status === 'held' || isOn(state, 'parkedTimeIsFree');
  const waited = isFree ? state.ts - (node.heldTs ?? state.ts) : 0;
  return {
    ...node,
    status: 'scheduled',
    parkedKey: undefined,
    heldTs: undefined,
    heldCall: undefined,
    incarnation: node.incarnation + 1,
    deadlineTs: node.deadlineTs === undefined ? undefined : node.deadlineTs + waited,
  };
}
