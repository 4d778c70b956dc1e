import * as dagre from '@dagrejs/dagre';

/** The part of dagre that is used here. Its own types name their files without endings, which are not found from ES modules. */
export interface LayoutGraph {
  setGraph(options: Readonly<Record<string, string | number>>): void;
  setNode(id: string, size: Size): void;
  setEdge(from: string, to: string, label: Size & { readonly labelpos: 'c' }, name: string): void;
  /** After the layout: the size of the picture. */
  graph(): Partial<Size>;
  node(id: string): Size & Point;
  edge(from: string, to: string, name: string): Size & Point & { readonly points: readonly Point[] };
}
export interface Point {
  readonly x: number;
  readonly y: number;
}
export interface Size {
  readonly width: number;
  readonly height: number;
}

interface Dagre {
  readonly Graph: new (options: { readonly multigraph: boolean }) => LayoutGraph;
  readonly layout: (graph: LayoutGraph) => void;
}

const { Graph, layout } = dagre as unknown as Dagre;

export function newGraph(): LayoutGraph {
  return new Graph({ multigraph: true });
}

/** Gives every node and edge of the graph its place. */
export function arrange(graph: LayoutGraph): void {
  layout(graph);
}
