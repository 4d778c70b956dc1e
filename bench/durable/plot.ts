import { logScale, type LogScale } from './log-scale.ts';
import { figureText } from './result-table.ts';
import { findMetric, type Result } from './result.ts';
import { median } from './statistics.ts';

/** One load of one contender, medians over the rounds. */
interface Bar {
  readonly of: string;
  readonly inFlight: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
}

const WIDTH = 860;
const LABELS = 170;
const VALUES = 150;
const AXIS = WIDTH - LABELS - VALUES;
const ROW = 20;
const HEADING = 58;
const GROUP = 26;

/** Readable on white and on black. */
const COLOURS = ['#2f81f7', '#d9822b', '#2da44e', '#a371f7', '#8b949e', '#d1477a'];
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-weight: 600; font-size: 15px }
    .quiet { fill: #59636e }
    .grid { stroke: #d1d9e0; stroke-width: 1 }
    .whisker { stroke: #59636e; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .quiet { fill: #9198a1 }
      .grid { stroke: #3d444d }
      .whisker { stroke: #9198a1 }
    }`;

/** Throughput and latency of every load, as bars on logarithmic axes, grouped by the number in flight. */
export function plotSvg(result: Pick<Result, 'metrics'>): string {
  const bars = barsOf(result);
  const throughput = panel(bars, 0, {
    title: 'Workflows of five durable steps a second (longer is better)',
    scale: logScale(
      bars.map(({ perSecond }) => perSecond),
      AXIS,
    ),
    draw: ({ perSecond }) => ({ value: perSecond, whisker: perSecond, text: figureText(perSecond) }),
  });
  const latency = panel(bars, throughput.height, {
    title: 'Latency of one workflow in ms: bar to the median, line to 99 % (shorter is better)',
    scale: logScale(
      bars.flatMap(({ p50, p99 }) => [p50, p99]),
      AXIS,
    ),
    draw: ({ p50, p99 }) => ({ value: p50, whisker: p99, text: `${figureText(p50)} / ${figureText(p99)}` }),
  });
  const height = throughput.height + latency.height;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">`,
    '  <title>Throughput and latency of five durable steps</title>',
    `  <style>${STYLE}\n  </style>`,
    ...throughput.lines,
    ...latency.lines,
    '</svg>\n',
  ].join('\n');
}

interface PanelPlan {
  readonly title: string;
  readonly scale: LogScale;
  readonly draw: (bar: Bar) => { readonly value: number; readonly whisker: number; readonly text: string };
}

function panel(bars: readonly Bar[], top: number, plan: PanelPlan): { lines: readonly string[]; height: number } {
  const names = [...new Set(bars.map(({ of }) => of))];
  const levels = [...new Set(bars.map(({ inFlight }) => inFlight))];
  const lines = [text(0, top + 22, plan.title, 'title')];
  let y = top + HEADING;
  for (const level of levels) {
    lines.push(text(0, y + 14, `${level} in flight`, 'quiet'));
    y += GROUP;
    for (const bar of bars.filter(({ inFlight }) => inFlight === level)) {
      lines.push(...row(bar, y, COLOURS[names.indexOf(bar.of) % COLOURS.length] ?? '', plan));
      y += ROW;
    }
  }
  return { lines: [...grid(plan.scale, top + HEADING - 8, y), ...lines], height: y + 16 - top };
}

function row(bar: Bar, y: number, colour: string, { scale, draw }: PanelPlan): readonly string[] {
  const { value, whisker, text: words } = draw(bar);
  const [length, reach] = [scale.at(value), scale.at(whisker)];
  const line = `  <line class="whisker" x1="${pixel(LABELS + length)}" y1="${y + 8}" x2="${pixel(LABELS + reach)}" y2="${y + 8}"/>`;
  return [
    text(16, y + 13, bar.of),
    `  <rect x="${LABELS}" y="${y + 1}" width="${pixel(Math.max(1, length))}" height="${ROW - 5}" rx="2" fill="${colour}"/>`,
    ...(reach > length ? [line] : []),
    text(LABELS + AXIS + 8, y + 13, words),
  ];
}

function grid({ ticks, at }: LogScale, top: number, bottom: number): readonly string[] {
  return ticks.flatMap((tick) => {
    const x = pixel(LABELS + at(tick));
    return [
      `  <line class="grid" x1="${x}" y1="${top}" x2="${x}" y2="${bottom}"/>`,
      `  <text class="quiet" x="${x}" y="${top - 4}" text-anchor="middle">${figureText(tick)}</text>`,
    ];
  });
}

function text(x: number, y: number, words: string, kind?: string): string {
  const style = kind === undefined ? '' : ` class="${kind}"`;
  return `  <text${style} x="${x}" y="${y}">${escapeXml(words)}</text>`;
}

function escapeXml(words: string): string {
  return words.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

function barsOf(result: Pick<Result, 'metrics'>): readonly Bar[] {
  const loads = result.metrics.filter(({ name }) => name === 'workflows_per_second');
  const bars = loads.map(({ of, inFlight = 1, rounds }) => {
    const at = (name: string): number => median(findMetric(result, { of, inFlight, name })?.rounds ?? []);
    return { of, inFlight, perSecond: median(rounds), p50: at('latency_p50'), p99: at('latency_p99') };
  });
  return bars.toSorted((left, right) => left.inFlight - right.inFlight);
}

function pixel(value: number): string {
  return value.toFixed(1);
}
