import type { NodeState, RunState } from '@vltair/core';
import type { VisitSummary } from '../visit-summary.ts';
import { durationText, undoId, type Marks, type NodeMark } from './drawing.ts';

/** What happened to each node of a run, as a picture shows it. */
export function runMarks(state: RunState, visits: readonly VisitSummary[]): Marks {
  const marks = new Map<string, NodeMark>();
  for (const [path, node] of Object.entries(state.nodes)) {
    if (node.origin?.kind === 'item' || node.origin?.kind === 'task') continue;
    const id = node.origin?.kind === 'undo' ? undoId(node.origin.of.replace(/\[.*$/, '')) : path;
    marks.set(id, { status: statusOf(node), lines: linesOf(path, node, state, visits) });
  }
  return marks;
}

function statusOf({ status, visit, isClosed }: NodeState): string {
  switch (status) {
    case 'scheduled':
    case 'completed':
    case 'stopping':
    case 'stopped':
    case 'woken':
    case 'joining':
      return 'running';
    case 'suspended':
    case 'held':
    case 'parked':
      return 'paused';
    case 'waiting':
      return visit === 0 ? 'waiting' : 'running';
    case 'skipped':
      return isClosed ? 'not reached' : 'skipped';
    case 'succeeded':
    case 'failed':
    case 'cancelled':
      return status;
  }
}

function linesOf(path: string, node: NodeState, state: RunState, visits: readonly VisitSummary[]): readonly string[] {
  const own = visits.filter((visit) => visit.node === path && visit.status !== 'skipped');
  const spent = own.reduce((sum, { startedTs, endedTs }) => sum + ((endedTs ?? state.ts) - startedTs), 0);
  const what = [statusOf(node), ...(node.result === undefined ? [] : [node.result.signal])];
  const turns = own.length > 1 ? [`${own.length} visits`] : [];
  const took = own.length === 0 ? [] : [durationText(spent)];
  return [
    [...new Set(what), ...turns, ...took].join(', '),
    ...childrenLine(node, state),
    ...waitLine(node),
    ...failureLine(node),
  ];
}

function childrenLine({ children }: NodeState, state: RunState): readonly string[] {
  if (children.length === 0) return [];
  const done = children.filter((child) => state.nodes[child]?.status === 'succeeded').length;
  return [`${done} of ${children.length} succeeded`];
}

function waitLine({ status, wait }: NodeState): readonly string[] {
  if (status === 'held') return ['waits for an approval'];
  if (status === 'parked') return ['waits for a person'];
  if (status !== 'suspended' || wait === undefined) return [];
  switch (wait.kind) {
    case 'sleep':
      return [`until ${new Date(wait.untilTs).toISOString()}`];
    case 'signal':
      return [`waits for ${wait.name}`];
    case 'approval':
      return ['waits for an approval'];
    case 'subrun':
      return [`waits for ${wait.run}`];
  }
}

function failureLine({ status, failure }: NodeState): readonly string[] {
  return status === 'failed' && failure !== undefined ? [failure.reason] : [];
}
