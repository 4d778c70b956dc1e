import type { DrawnEdge, DrawnNode, DrawnSection, Drawing } from './drawing.ts';
import { STATUS_COLOURS } from './status-colours.ts';

/** The drawing as the text of a Mermaid flowchart. */
export function toMermaid({ title, description, sections }: Drawing): string {
  const ids = new Ids();
  const used = [...new Set(sections.flatMap(({ nodes }) => nodes.flatMap(({ status }) => status ?? [])))];
  return [
    'flowchart TD',
    `  accTitle: ${oneLine(title)}`,
    ...(description === '' ? [] : [`  accDescr: ${oneLine(description)}`]),
    ...sections.flatMap((section, index) => sectionLines(section, index, ids)),
    ...used.map((status) => `  classDef ${className(status)} ${classStyle(status)}`),
    '',
  ].join('\n');
}

/** Ids of nodes may be words of Mermaid, such as `end`: it gets its own. */
class Ids {
  readonly #known = new Map<string, string>();

  of(section: number, id: string): string {
    const key = `${section} ${id}`;
    const known = this.#known.get(key) ?? `n${this.#known.size}`;
    this.#known.set(key, known);
    return known;
  }
}

function sectionLines({ heading, nodes, edges }: DrawnSection, index: number, ids: Ids): readonly string[] {
  const lines = [
    ...nodes.map((node) => `${ids.of(index, node.id)}${shapeOf(node)}${statusClass(node)}`),
    ...edges.map((edge) => `${ids.of(index, edge.from)} ${arrowOf(edge)} ${ids.of(index, edge.to)}`),
  ];
  if (heading === '') return lines.map((line) => `  ${line}`);
  return [`  subgraph s${index}["${escaped(heading)}"]`, ...lines.map((line) => `    ${line}`), '  end'];
}

function shapeOf({ shape, isMapped, lines }: DrawnNode): string {
  const text = `"${lines.map(escaped).join('<br/>')}"`;
  if (isMapped) return `@{ shape: procs, label: ${text} }`;
  switch (shape) {
    case 'agent':
      return `[${text}]`;
    case 'approval':
      return `{{${text}}}`;
    case 'signal':
      return `>${text}]`;
    case 'sleep':
      return `(${text})`;
    case 'subrun':
      return `[[${text}]]`;
    case 'end':
      return `([${text}])`;
    case 'undo':
      return `[\\${text}\\]`;
  }
}

function arrowOf({ kind, label }: DrawnEdge): string {
  const text = label === '' ? '' : `|"${escaped(label)}"|`;
  switch (kind) {
    case 'needs':
    case 'route':
      return `-->${text}`;
    case 'back':
      return `==>${text}`;
    case 'tolerated':
    case 'failure':
    case 'undo':
      return `-.->${text}`;
  }
}

function statusClass({ status }: DrawnNode): string {
  return status === undefined ? '' : `:::${className(status)}`;
}

function className(status: string): string {
  return status.replaceAll(' ', '-');
}

function classStyle(status: string): string {
  const { fill, stroke } = STATUS_COLOURS[status] ?? { fill: '#ffffff', stroke: '#6e7781' };
  return `fill:${fill},stroke:${stroke},color:#1f2328`;
}

/** Mermaid reads entities in numbers; every character that it gives a meaning becomes one. */
function escaped(text: string): string {
  return oneLine(text).replace(/["#;<>&{}[\]()|`\\]/g, (character) => `#${character.charCodeAt(0)};`);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
