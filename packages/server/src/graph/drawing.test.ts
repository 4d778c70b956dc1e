import { workflowSchema, type WorkflowInput } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { drawWorkflow, durationText } from './drawing.ts';
import { layoutSection } from './layout.ts';
import { toMermaid } from './mermaid.ts';
import { toSvg } from './svg.ts';

const everything: WorkflowInput = {
  name: 'everything',
  description: 'Has a node of each kind & "quotes" <in> it.',
  nodes: [
    { id: 'scan', agent: 'scanner', maxVisits: 3, input: {} },
    { id: 'each', agent: 'reviewer', needs: ['scan'], map: { over: '{{scan.output.files}}' }, onFailure: 'continue' },
    { id: 'rest', sleep: '90s', needs: ['each?'] },
    {
      id: 'ask',
      approval: { message: 'Really?', expires: '1h' },
      needs: ['rest'],
      routes: [
        { on: 'approved', to: 'charge' },
        { on: 'rejected', to: 'scan' },
        { on: '*', end: 'failed' },
      ],
    },
    {
      id: 'charge',
      agent: 'payer',
      onFailure: { to: 'apologise' },
      compensate: { agent: 'payer', action: 'refund' },
    },
    { id: 'end', subrun: { workflow: 'inspect' }, needs: ['charge'], when: 'input.wanted == "a|b"' },
    { id: 'apologise', signal: { name: 'answer', expires: '2d' } },
  ],
  finally: [
    { id: 'tidy', agent: 'broom' },
    { id: 'tell', agent: 'crier', needs: ['tidy'] },
  ],
  workflows: { inspect: { nodes: [{ id: 'look', agent: 'reviewer' }] } },
};
const drawing = drawWorkflow(workflowSchema.parse(everything));
const sections = drawing.sections.map(layoutSection);

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function overlap(left: Box, right: Box): boolean {
  const near = (axis: 'x' | 'y', size: 'width' | 'height') =>
    Math.abs(left[axis] - right[axis]) * 2 < left[size] + right[size] - 0.01;
  return near('x', 'width') && near('y', 'height');
}

test('edges tell needs, routes, the way of a failure, what undoes, and what leads round a loop', () => {
  const edges = drawing.sections[0]?.edges.map(({ from, to, kind, label }) => `${from} ${to} ${kind} ${label}`.trim());
  expect(edges).toEqual([
    'scan each needs',
    'each rest tolerated even if it fails',
    'rest ask needs',
    'ask charge route approved',
    'ask scan back rejected',
    'ask end:failed route otherwise',
    'charge apologise failure on failure',
    'charge charge.undo undo undo',
    'charge end needs',
  ]);
});

test('finally nodes and the workflows of subruns stand apart', () => {
  expect(drawing.sections.map(({ heading, nodes }) => [heading, nodes.length])).toEqual([
    ['', 9],
    ['finally', 2],
    ['workflow inspect', 1],
  ]);
});

describe('the layout', () => {
  const boxes = sections.flatMap(({ nodes }) => nodes.map((node, index) => ({ node, others: nodes.slice(index + 1) })));
  test.each(boxes)('$node.id overlaps no other box', ({ node, others }) => {
    expect(others.filter((other) => overlap(node, other)).map(({ id }) => id)).toEqual([]);
  });

  test.each(sections)(
    'every box and label of "$heading" lies inside of the picture',
    ({ nodes, edges, width, height }) => {
      const labels = edges.flatMap(({ labelAt }) => labelAt ?? []);
      for (const box of [...nodes, ...labels]) {
        expect(box.x - box.width / 2).toBeGreaterThanOrEqual(0);
        expect(box.x + box.width / 2).toBeLessThanOrEqual(width);
        expect(box.y - box.height / 2).toBeGreaterThanOrEqual(0);
        expect(box.y + box.height / 2).toBeLessThanOrEqual(height);
      }
    },
  );

  test('no label lies on a box or on another label', () => {
    for (const { nodes, edges } of sections) {
      const labels = edges.flatMap(({ labelAt }) => labelAt ?? []);
      for (const [index, label] of labels.entries())
        expect([...nodes, ...labels.slice(index + 1)].filter((other) => overlap(label, other))).toEqual([]);
    }
  });

  test('the words of a box fit into it', () => {
    for (const node of sections.flatMap(({ nodes }) => nodes))
      for (const line of node.lines) expect(Array.from(line).length * 7.3 + 8).toBeLessThan(node.width);
  });

  test('edges end at the boxes that they join', () => {
    for (const { nodes, edges } of sections)
      for (const { from, to, points } of edges) {
        const [start, end] = [points[0], points.at(-1)];
        for (const [id, point] of [[from, start] as const, [to, end] as const]) {
          const node = nodes.find((each) => each.id === id);
          if (node === undefined || point === undefined) throw new Error(`${id} has no place`);
          expect(Math.abs(point.x - node.x)).toBeLessThanOrEqual(node.width / 2 + 0.01);
          expect(Math.abs(point.y - node.y)).toBeLessThanOrEqual(node.height / 2 + 0.01);
        }
      }
  });
});

test('the picture is well-formed, told in words, and the same each time', () => {
  const svg = toSvg(drawing);
  expect(svg).toContain('role="img" aria-labelledby="title description"');
  expect(svg).toContain('Has a node of each kind &#38; &#34;quotes&#34; &#60;in&#62; it.');
  expect(svg).toContain('ask leads back to scan (rejected).');
  expect(svg).toMatch(/class="edge back" data-from="ask" data-to="scan"/);
  const tags = [...svg.matchAll(/<(\/?)([a-z]+)[^>]*?(\/?)>/g)].map(([, close, name, empty]) => ({
    close,
    name,
    empty,
  }));
  const open: string[] = [];
  for (const { close, name = '', empty } of tags) {
    if (close === '/') expect(open.pop()).toBe(name);
    else if (empty !== '/') open.push(name);
  }
  expect(open).toEqual([]);
  expect(toSvg(drawWorkflow(workflowSchema.parse(everything)))).toBe(svg);
});

test('Mermaid gets ids of its own and no character that it would read as its own', () => {
  expect(toMermaid(drawing).split('\n').slice(0, 12)).toEqual([
    'flowchart TD',
    '  accTitle: everything',
    '  accDescr: Has a node of each kind & "quotes" <in> it.',
    '  n0["scan<br/>scanner run<br/>at most 3 visits"]',
    '  n1@{ shape: procs, label: "each<br/>reviewer run<br/>for each of #123;#123;scan.output.files#125;#125;<br/>goes on when it fails" }',
    '  n2("rest<br/>sleeps 1m30s")',
    '  n3{{"ask<br/>asks: Really?<br/>expires after 1h"}}',
    '  n4["charge<br/>payer run"]',
    '  n5[["end<br/>runs inspect<br/>if input.wanted == #34;a#124;b#34;"]]',
    '  n6>"apologise<br/>waits for answer, at most 2d"]',
    '  n7[\\"undo charge<br/>payer refund"\\]',
    '  n8(["failed"])',
  ]);
});

test.each([
  [5, '5ms'],
  [90_000, '1m30s'],
  [3_600_000, '1h'],
  [172_800_000, '2d'],
])('%i ms are %s', (milliseconds, text) => {
  expect(durationText(milliseconds)).toBe(text);
});
