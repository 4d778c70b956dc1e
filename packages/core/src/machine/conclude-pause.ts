import { canonicalJson, type Decision, type WaitingFor } from '@vltair/protocol';
import { openNodes } from './open-nodes.ts';
import { isAtWork, type NodeState, type RunState } from './run-state.ts';

/** A run pauses when nothing of it is in flight; what it waits for is named. */
export function pauseRun(state: RunState): Decision | undefined {
  if (openNodes(state).some(({ node }) => goesOn(state, node))) return undefined;
  const waitingFor = waitsOf(state);
  if (waitingFor.length === 0) return undefined;
  const isKnown = state.status === 'paused' && canonicalJson([...state.waitingFor]) === canonicalJson([...waitingFor]);
  return isKnown ? undefined : { type: 'run.paused', waitingFor: [...waitingFor] };
}

export function resumeRun(state: RunState): Decision | undefined {
  const resumes = state.status === 'paused' && openNodes(state).some(({ node }) => goesOn(state, node));
  return resumes ? { type: 'run.resumed' } : undefined;
}

/** An agent that was approved in a pause is woken, and starts when the run is resumed. */
function goesOn({ pause }: RunState, node: NodeState): boolean {
  return isAtWork(node) && (node.status !== 'woken' || pause === undefined);
}

/** What of a run people or time have to bring, also where other nodes of it are at work. */
export function waitsOf(state: RunState): readonly WaitingFor[] {
  const waits = openNodes(state).flatMap(({ path, node }) => waitOf(state, path, node));
  return state.pause === undefined ? waits : [...waits, { kind: 'pause', ...state.pause }];
}

function waitOf(state: RunState, node: string, { status, wait, parkedKey }: NodeState): readonly WaitingFor[] {
  if (status === 'parked') {
    const why = state.restored === undefined ? {} : { because: 'restored' as const };
    return [{ kind: 'parked_effect', node, key: parkedKey ?? '', ...why }];
  }
  if (status === 'held') return approvalWait(state, node, parkedKey ?? '');
  if (status !== 'suspended') return [];
  switch (wait?.kind) {
    case 'approval':
      return approvalWait(state, node, wait.approval);
    case 'signal': {
      const { name, message, expiresTs } = wait;
      const words = message === undefined ? {} : { message };
      return [{ kind: 'signal', node, name, ...words, ...(expiresTs === undefined ? {} : { expiresTs }) }];
    }
    case 'sleep':
      return [{ kind: 'sleep', node, untilTs: wait.untilTs }];
    default:
      return [];
  }
}

function approvalWait(state: RunState, node: string, approval: string): readonly WaitingFor[] {
  const { message = '', expiresTs } = state.approvals[approval] ?? {};
  return [{ kind: 'approval', node, approval, message, ...(expiresTs === undefined ? {} : { expiresTs }) }];
}

/** Nothing but what people do, or have to do, brings the run on: whoever waits for it may as well leave. */
export function needsPerson({ status, waitingFor }: RunState): boolean {
  return status === 'paused' && !waitingFor.some(({ kind }) => kind === 'sleep');
}
