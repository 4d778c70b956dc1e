import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, type Decision, type DecisionOf } from '@vltair/protocol';
import { endingOf } from './conclude-ending.ts';
import { definitionOf, isCleanup } from './definition.ts';
import { isOverdue } from './evolve-approval.ts';
import { openNodes } from './open-nodes.ts';
import { findNode, type ApprovalState, type NodeState, type RunState } from './run-state.ts';
import { taskInput } from './task.ts';
import { fillWords } from './template.ts';

/** What is asked, warned of, expires, or is needed no more. */
export function concludeApprovals(state: RunState): Decision | undefined {
  for (const [approval, asked] of Object.entries(state.approvals)) {
    if (asked.status !== 'waiting') continue;
    if (!isNeeded(state, approval, asked))
      return { type: 'approval.cancelled', approval, because: `${asked.node} waits for it no more` };
    if (isOverdue(asked, state.ts)) return { type: 'approval.expired', approval };
    if (!asked.isWarned && asked.warnTs !== undefined && state.ts >= asked.warnTs)
      return { type: 'approval.warned', approval };
  }
  return ask(state);
}

function isNeeded(state: RunState, approval: string, { node: path, visit }: ApprovalState): boolean {
  const node = findNode(state, path);
  return node !== undefined && node.visit === visit && approvalAsked(node) === approval;
}

/** The approval that the visit waits for. */
function approvalAsked(node: NodeState): string | undefined {
  if (node.status === 'held') return node.parkedKey;
  return node.status === 'suspended' && node.wait?.kind === 'approval' ? node.wait.approval : undefined;
}

function ask(state: RunState): Decision | undefined {
  for (const { path, node } of openNodes(state)) {
    const approval = approvalAsked(node);
    if (approval === undefined || isAsked(state, approval, node)) continue;
    if (!isCleanup(state, path, node) && endingOf(state) !== undefined) continue;
    return node.status === 'held' ? askForCall(state, path, node, approval) : askForNode(state, path, node, approval);
  }
  return undefined;
}

function isAsked(state: RunState, approval: string, node: NodeState): boolean {
  const asked = state.approvals[approval];
  return asked?.status === 'waiting' && asked.visit === node.visit;
}

function askForCall(state: RunState, node: string, { visit, heldCall }: NodeState, approval: string): Decision {
  const { argumentsDigest: digest = '', summary: message = '', gate } = heldCall ?? {};
  const { approvers, expiresMs, warnBeforeMs } = gate ?? {};
  const times = timesOf(state.ts, expiresMs, warnBeforeMs);
  const who = approvers === undefined ? {} : { approvers };
  const rule = gate === undefined ? {} : { gate };
  return { type: 'approval.requested', approval, node, visit, digest, message, ...who, ...times, ...rule };
}

function askForNode(state: RunState, path: string, { visit }: NodeState, approval: string): Decision {
  const definition = definitionOf(state, path);
  const { message = '', approvers, expires, warnBefore } = definition.approval ?? {};
  const { agent = '', action } = definition;
  const task = { agent, action, input: taskInput(state, path) };
  return {
    type: 'approval.requested',
    approval,
    node: path,
    visit,
    digest: bytesToHex(sha256(utf8ToBytes(canonicalJson(task)))),
    message: fillWords(message, state, path),
    ...(approvers === undefined ? {} : { approvers }),
    ...timesOf(state.ts, expires, warnBefore),
  };
}

function timesOf(
  ts: number,
  expires: number | undefined,
  warnBefore: number | undefined,
): Pick<DecisionOf<'approval.requested'>, 'expiresTs' | 'warnTs'> {
  if (expires === undefined) return {};
  const expiresTs = ts + expires;
  return warnBefore === undefined ? { expiresTs } : { expiresTs, warnTs: Math.max(ts, expiresTs - warnBefore) };
}
