import { planGraph } from '@vltair/core';
import { kindOfNode, type NodeKind, type Route, type Workflow, type WorkflowNode } from '@vltair/protocol';

/** What a picture of a workflow shows, before it has a form. */
export interface Drawing {
  readonly title: string;
  readonly description: string;
  /** The graph, what runs finally, and the workflows of its subruns. */
  readonly sections: readonly DrawnSection[];
}

export interface DrawnSection {
  /** Empty for the workflow's own graph. */
  readonly heading: string;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
}

export interface DrawnNode {
  readonly id: string;
  readonly shape: NodeKind | 'end' | 'undo';
  readonly isMapped: boolean;
  /** The first one is the name. */
  readonly lines: readonly string[];
  /** Of a run: what became of the node. */
  readonly status?: string;
}

export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  /** `tolerated`: the need may fail; `back`: a route that leads round a loop; `failure`: the way of a failed node. */
  readonly kind: 'needs' | 'tolerated' | 'route' | 'back' | 'failure' | 'undo';
  readonly label: string;
}

/** What a run adds to a node: its status, and lines of what happened. */
export interface NodeMark {
  readonly status: string;
  readonly lines: readonly string[];
}
export type Marks = ReadonlyMap<string, NodeMark>;

export function drawWorkflow(workflow: Workflow, marks?: Marks): Drawing {
  const { name, description, workflows = {} } = workflow;
  const children = Object.entries(workflows).flatMap(([child, flow]) =>
    sectionsOf({ ...flow, name: child, workflows }, `workflow ${child}`, undefined),
  );
  return { title: name, description, sections: [...sectionsOf(workflow, '', marks), ...children] };
}

function sectionsOf(workflow: Workflow, heading: string, marks: Marks | undefined): readonly DrawnSection[] {
  const cleanup = workflow.finally ?? [];
  const last = {
    heading: heading === '' ? 'finally' : `${heading}, finally`,
    ...contentsOf(cleanup, new Set(), marks),
  };
  const main = { heading, ...contentsOf(workflow.nodes, backRoutesOf(workflow), marks) };
  return cleanup.length === 0 ? [main] : [main, last];
}

function contentsOf(
  nodes: readonly WorkflowNode[],
  back: ReadonlySet<string>,
  marks: Marks | undefined,
): Pick<DrawnSection, 'nodes' | 'edges'> {
  const ends = new Set(nodes.flatMap(({ routes }) => routes.flatMap((route) => ('end' in route ? [route.end] : []))));
  const undos = nodes.filter(({ compensate }) => compensate !== undefined);
  return {
    nodes: [
      ...nodes.map((node) => drawNode(node, marks)),
      ...undos.map((node) => drawUndo(node, marks)),
      ...[...ends].map((end): DrawnNode => ({ id: endId(end), shape: 'end', isMapped: false, lines: [end] })),
    ],
    edges: nodes.flatMap((node) => drawEdges(node, back)),
  };
}

function drawNode(node: WorkflowNode, marks: Marks | undefined): DrawnNode {
  const { id, map } = node;
  const mark = marks?.get(id);
  const lines = [id, ...whatItDoes(node), ...modifiersOf(node), ...(mark?.lines ?? [])];
  const drawn = { id, shape: kindOfNode(node), isMapped: map !== undefined, lines };
  return marks === undefined ? drawn : { ...drawn, status: mark?.status ?? 'waiting' };
}

function drawUndo({ id, compensate }: WorkflowNode, marks: Marks | undefined): DrawnNode {
  const mark = marks?.get(undoId(id));
  const work = compensate === undefined ? [] : [`${compensate.agent} ${compensate.action}`];
  const drawn: DrawnNode = {
    id: undoId(id),
    shape: 'undo',
    isMapped: false,
    lines: [`undo ${id}`, ...work, ...(mark?.lines ?? [])],
  };
  return marks === undefined ? drawn : { ...drawn, status: mark?.status ?? 'waiting' };
}

function whatItDoes(node: WorkflowNode): readonly string[] {
  const { agent, action, sleep, signal, approval, subrun } = node;
  const asks = approval === undefined ? [] : [`asks: ${approval.message}`];
  if (agent !== undefined) return [`${agent} ${action}`, ...asks];
  if (sleep !== undefined) return [`sleeps ${durationText(sleep)}`];
  if (signal !== undefined) return [`waits for ${signal.name ?? node.id}${expiry(signal.expires)}`];
  return subrun === undefined ? [...asks, ...expiryLine(approval?.expires)] : [`runs ${subrun.workflow}`];
}

function modifiersOf({ when, map, onFailure, maxVisits }: WorkflowNode): readonly string[] {
  return [
    ...(when === undefined ? [] : [`if ${when}`]),
    ...(map === undefined
      ? []
      : [`for each of ${typeof map.over === 'string' ? map.over : `${map.over.length} items`}`]),
    ...(onFailure === 'continue' ? ['goes on when it fails'] : []),
    ...(maxVisits > 1 ? [`at most ${maxVisits} visits`] : []),
  ];
}

function expiry(expires: number | undefined): string {
  return expires === undefined ? '' : `, at most ${durationText(expires)}`;
}

function expiryLine(expires: number | undefined): readonly string[] {
  return expires === undefined ? [] : [`expires after ${durationText(expires)}`];
}

function drawEdges(node: WorkflowNode, back: ReadonlySet<string>): readonly DrawnEdge[] {
  const { id, needs, tolerates = [], routes, onFailure, compensate } = node;
  const rescue = typeof onFailure === 'object' ? [{ from: id, to: onFailure.to }] : [];
  return [
    ...needs.map((from): DrawnEdge => {
      return tolerates.includes(from)
        ? { from, to: id, kind: 'tolerated', label: 'even if it fails' }
        : { from, to: id, kind: 'needs', label: '' };
    }),
    ...routes.map((route) => drawRoute(id, route, back)),
    ...rescue.map((edge): DrawnEdge => ({ ...edge, kind: 'failure', label: 'on failure' })),
    ...(compensate === undefined ? [] : [{ from: id, to: undoId(id), kind: 'undo', label: 'undo' } as const]),
  ];
}

function drawRoute(from: string, route: Route, back: ReadonlySet<string>): DrawnEdge {
  if ('end' in route) return { from, to: endId(route.end), kind: 'route', label: signalText(route.on) };
  const kind = back.has(edgeKey(from, route.to)) ? 'back' : 'route';
  return { from, to: route.to, kind, label: signalText(route.on) };
}

function signalText(on: string): string {
  return on === '*' ? 'otherwise' : on;
}

/** The routes that lead round a loop, by their ends. */
function backRoutesOf(workflow: Workflow): ReadonlySet<string> {
  const { regions } = planGraph(workflow);
  return new Set(regions.flatMap(({ head, latches }) => latches.map((latch) => edgeKey(latch, head))));
}

function edgeKey(from: string, to: string): string {
  return `${from} ${to}`;
}

function endId(end: string): string {
  return `end:${end}`;
}

export function undoId(id: string): string {
  return `${id}.undo`;
}

/** `90 s` as `1m30s`, in the notation of workflows. */
export function durationText(milliseconds: number): string {
  if (milliseconds < 1_000) return `${milliseconds}ms`;
  const seconds = Math.round(milliseconds / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'm'],
    [seconds % 60, 's'],
  ] as const;
  return parts.flatMap(([amount, unit]) => (amount === 0 ? [] : [`${amount}${unit}`])).join('');
}
