import { arrange, newGraph, type LayoutGraph, type Point, type Size } from './dagre.ts';
import type { DrawnEdge, DrawnNode, DrawnSection } from './drawing.ts';

/** Advance of one character of the monospaced fonts at 12 px, rounded up. */
const CHARACTER = 7.4;
export const LINE_HEIGHT = 16;
const PADDING = { x: 14, y: 9 } as const;
/** Characters of a line; longer ones are cut. */
const LONGEST = 40;

export interface PlacedNode extends DrawnNode {
  /** The centre. */
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}
export interface PlacedEdge extends DrawnEdge {
  readonly points: readonly Point[];
  /** The centre of the label; absent: it has none. */
  readonly labelAt?: Point & Size;
}
export interface PlacedSection extends Size {
  readonly heading: string;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly PlacedEdge[];
}

/** Gives every node and edge its place; the same section gets the same places. */
export function layoutSection({ heading, nodes, edges }: DrawnSection): PlacedSection {
  const graph = newGraph();
  graph.setGraph({ rankdir: 'TB', nodesep: 36, ranksep: 44, edgesep: 18, marginx: 16, marginy: 12 });
  const cut = nodes.map((node) => ({ ...node, lines: node.lines.map(shortened) }));
  for (const node of cut) graph.setNode(node.id, sizeOfBox(node));
  for (const [index, edge] of edges.entries())
    graph.setEdge(edge.from, edge.to, { ...sizeOfLabel(edge.label), labelpos: 'c' }, String(index));
  arrange(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    heading,
    width: Math.max(width, widthOf(heading) + 32),
    height,
    nodes: cut.map((node) => ({ ...node, ...pointAndSize(graph.node(node.id)) })),
    edges: edges.map((edge, index) => placed(edge, graph.edge(edge.from, edge.to, String(index)))),
  };
}

/** Without what the layout notes for itself. */
function pointAndSize({ x, y, width, height }: Point & Size): Point & Size {
  return { x, y, width, height };
}

function placed(edge: DrawnEdge, { points, x, y, width, height }: ReturnType<LayoutGraph['edge']>): PlacedEdge {
  return edge.label === '' ? { ...edge, points } : { ...edge, points, labelAt: { x, y, width, height } };
}

function sizeOfBox({ lines, isMapped }: DrawnNode): Size {
  const stack = isMapped ? 8 : 0;
  const width = Math.max(...lines.map(widthOf), 48) + 2 * PADDING.x + stack;
  return { width, height: lines.length * LINE_HEIGHT + 2 * PADDING.y + stack };
}

function sizeOfLabel(label: string): Size {
  return label === '' ? { width: 0, height: 0 } : { width: widthOf(label) + 8, height: LINE_HEIGHT };
}

function widthOf(text: string): number {
  return Array.from(text).length * CHARACTER;
}

function shortened(text: string): string {
  const characters = Array.from(text.replace(/\s+/g, ' ').trim());
  return characters.length <= LONGEST ? characters.join('') : `${characters.slice(0, LONGEST - 1).join('')}…`;
}
