import type { Point, Size } from './dagre.ts';
import type { DrawnEdge, Drawing } from './drawing.ts';
import { LINE_HEIGHT, layoutSection, type PlacedEdge, type PlacedNode, type PlacedSection } from './layout.ts';
import { STATUS_COLOURS } from './status-colours.ts';

const HEADING = 34;

/**
 * The drawing as SVG: readable on light and dark pages, with a title and a description for those who do not see it. The
 * same drawing gives the same bytes.
 */
export function toSvg(drawing: Drawing): string {
  const sections = drawing.sections.map(layoutSection);
  const width = Math.ceil(Math.max(...sections.map((section) => section.width)));
  const offsets = sections.map((_, index) =>
    sections.slice(0, index).reduce((sum, section) => sum + section.height + headingOf(section), 0),
  );
  const height = Math.ceil(sections.reduce((sum, section) => sum + section.height + headingOf(section), 0));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-labelledby="title description">`,
    `<title id="title">${escaped(drawing.title)}</title>`,
    `<desc id="description">${escaped(describe(drawing))}</desc>`,
    STYLE,
    ...sections.flatMap((section, index) => drawSection(section, offsets[index] ?? 0, width)),
    '</svg>',
    '',
  ].join('\n');
}

const STYLE = `<defs>
<marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0L10 5L0 10z" fill="#768390"/></marker>
</defs>
<style>
text{font:12px ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#1f2328;text-anchor:middle;dominant-baseline:central}
.name{font-weight:700}
.box{fill:#f6f8fa;stroke:#57606a;stroke-width:1.2}
.end{fill:#eaeef2}
.undo{stroke-dasharray:5 3}
.edge{fill:none;stroke:#768390;stroke-width:1.4;marker-end:url(#arrow)}
.tolerated,.failure,.undo-edge{stroke-dasharray:5 4}
.failure{stroke:#cf222e}
.back{stroke:#8250df;stroke-width:2}
.label{fill:#ffffff;stroke:#d0d7de;stroke-width:.6}
.heading{fill:#768390;font-weight:700;text-anchor:start}
.rule{stroke:#768390;stroke-width:.6}
</style>`;

function headingOf({ heading }: PlacedSection): number {
  return heading === '' ? 0 : HEADING;
}

function drawSection(section: PlacedSection, top: number, width: number): readonly string[] {
  const { heading, nodes, edges } = section;
  const left = (width - section.width) / 2;
  const title =
    heading === ''
      ? []
      : [
          `<line class="rule" x1="12" x2="${width - 12}" y1="${number(top + 6)}" y2="${number(top + 6)}"/>`,
          `<text class="heading" x="16" y="${number(top + 22)}">${escaped(heading)}</text>`,
        ];
  return [
    ...title,
    `<g transform="translate(${number(left)} ${number(top + headingOf(section))})">`,
    ...edges.map(drawEdge),
    ...nodes.map(drawNode),
    ...edges.flatMap(drawLabel),
    '</g>',
  ];
}

// --- nodes

function drawNode(node: PlacedNode): string {
  const { x, y, lines, status } = node;
  const top = y - ((lines.length - 1) * LINE_HEIGHT) / 2;
  const shift = node.isMapped ? -4 : 0;
  const words = lines.map((line, index) => {
    const name = index === 0 ? ' class="name"' : '';
    return `<text${name} x="${number(x + shift)}" y="${number(top - shift + index * LINE_HEIGHT)}">${escaped(line)}</text>`;
  });
  const state = status === undefined ? '' : ` data-status="${escaped(status)}"`;
  return [
    `<g data-node="${escaped(node.id)}" data-kind="${node.shape}"${state}>`,
    ...boxes(node),
    ...words,
    '</g>',
  ].join('\n');
}

/** A mapped node is a stack, a subrun has a second frame. */
function boxes(node: PlacedNode): readonly string[] {
  const stack = node.isMapped ? 8 : 0;
  const frame = {
    x: node.x - node.width / 2,
    y: node.y - node.height / 2 + stack,
    width: node.width - stack,
    height: node.height - stack,
  };
  const behind = node.isMapped
    ? [8, 4].map((by) => rectangle(node, { ...frame, x: frame.x + by, y: frame.y - by }))
    : [];
  const inner = { x: frame.x + 4, y: frame.y, width: frame.width - 8, height: frame.height };
  return [...behind, rectangle(node, frame), ...(node.shape === 'subrun' ? [rectangle(node, inner)] : [])];
}

type Frame = Point & Size;

function rectangle({ shape, status }: PlacedNode, { x, y, width, height }: Frame): string {
  const colours = status === undefined ? undefined : STATUS_COLOURS[status];
  const style = colours === undefined ? '' : ` style="fill:${colours.fill};stroke:${colours.stroke}"`;
  const place = `x="${number(x)}" y="${number(y)}" width="${number(width)}" height="${number(height)}"`;
  return `<rect class="box ${shape}" ${place} rx="${cornerOf(shape, height)}"${style}/>`;
}

function cornerOf(shape: PlacedNode['shape'], height: number): string {
  if (shape === 'end') return number(height / 2);
  return shape === 'agent' || shape === 'undo' ? '4' : shape === 'subrun' ? '0' : '14';
}

// --- edges

function drawEdge({ kind, points, from, to }: PlacedEdge): string {
  const [first, ...rest] = points.map(({ x, y }) => `${number(x)} ${number(y)}`);
  const style = kind === 'undo' ? 'undo-edge' : kind;
  const path = [`M${first ?? ''}`, ...rest.map((point) => `L${point}`)].join('');
  return `<path class="edge ${style}" data-from="${escaped(from)}" data-to="${escaped(to)}" d="${path}"/>`;
}

function drawLabel({ label, labelAt }: PlacedEdge): readonly string[] {
  if (labelAt === undefined) return [];
  const { x, y, width, height } = labelAt;
  const place = `x="${number(x - width / 2)}" y="${number(y - height / 2)}" width="${number(width)}" height="${number(height)}"`;
  return [`<rect class="label" ${place} rx="3"/>`, `<text x="${number(x)}" y="${number(y)}">${escaped(label)}</text>`];
}

// --- words

/** The graph in sentences. */
function describe({ description, sections }: Drawing): string {
  const told = sections.flatMap(({ heading, nodes, edges }) => [
    ...(heading === '' ? [] : [`${heading}:`]),
    ...nodes.filter(({ shape }) => shape !== 'end').map(({ lines }) => `${lines.join(', ')}.`),
    ...edges.map(sentence),
  ]);
  return [description, ...told].filter((text) => text !== '').join(' ');
}

function sentence({ from, to, kind, label }: DrawnEdge): string {
  if (kind === 'needs') return `${to} needs ${from}.`;
  if (kind === 'tolerated') return `${to} waits for ${from}, even if it fails.`;
  if (kind === 'undo') return `${to} undoes ${from}.`;
  const target = to.startsWith('end:')
    ? `ends the run: ${to.slice('end:'.length)}`
    : `leads ${kind === 'back' ? 'back ' : ''}to ${to}`;
  return `${from} ${target} (${label}).`;
}

function number(value: number): string {
  return String(Math.round(value * 10) / 10);
}

/** Also of what XML cannot hold at all. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '\ufffd')
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
