import { workflowSchema, type Json } from '@vltair/protocol';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { cel, defineWorkflow, maybe, text, type AgentAction, type Handle, type Template } from '../index.ts';

const file = z.object({ name: z.string(), lines: z.int() });
const scan = {
  agent: 'scanner',
  action: 'scan',
  input: z.object({ paths: z.array(z.string()), depth: z.int().optional() }),
  output: z.object({ total: z.int(), files: z.array(file) }),
  signals: ['clean', 'dirty'],
} as const satisfies AgentAction<unknown, unknown, string>;
const review = {
  agent: 'reviewer',
  action: 'run',
  input: z.object({ path: z.string() }),
  output: z.object({ verdict: z.string() }),
} as const satisfies AgentAction<unknown, unknown, string>;

const head = { name: 'tour', input: z.object({ paths: z.array(z.string()) }) };

test('what it gives is the data of the YAML twin', () => {
  const child = defineWorkflow({ name: 'unused-name' }, (w) => {
    w.node('look', { agent: 'worker', input: { of: w.input['subject'] ?? '' } });
  });
  const workflow = defineWorkflow({ ...head, timeout: '10m', workflows: { inspect: child } }, (w) => {
    const scanned = w.node('scan', {
      agent: scan,
      input: { paths: w.input.paths },
      maxVisits: 2,
      routes: [
        { on: 'dirty', to: 'review' },
        { on: '*', end: 'succeeded' },
      ],
    });
    const reviewed = w.node('review', {
      agent: review,
      map: { over: scanned.output.files, concurrency: 2 },
      input: ({ item }) => ({ path: item.name }),
      onFailure: { to: 'mend' },
    });
    const lint = w.node('lint', { agent: 'linter', needs: [reviewed], onFailure: 'continue' });
    w.node('charge', {
      agent: 'payer',
      action: 'charge',
      needs: [reviewed, maybe(lint)],
      when: cel`${scanned.output.total} > ${0} && has(nodes.lint)`,
      input: { note: text`of ${scanned.output.total} files`, first: reviewed.output.results[0]?.verdict ?? '' },
      compensate: { agent: 'payer', action: 'refund', input: (undone) => ({ id: undone.output['id'] ?? '' }) },
    });
    w.node('mend', { agent: 'worker', input: { why: reviewed.failure.message } });
    w.finallyNode('tidy', { agent: 'worker', input: { run: w.run.id } });
    return { total: scanned.output.total };
  });
  const twin: Json = {
    name: 'tour',
    timeout: '10m',
    input: {
      type: 'object',
      properties: { paths: { type: 'array', items: { type: 'string' } } },
      required: ['paths'],
    },
    nodes: [
      {
        id: 'scan',
        agent: 'scanner',
        action: 'scan',
        input: { paths: '{{input.paths}}' },
        maxVisits: 2,
        routes: [
          { on: 'dirty', to: 'review' },
          { on: '*', end: 'succeeded' },
        ],
      },
      {
        id: 'review',
        agent: 'reviewer',
        action: 'run',
        map: { over: '{{scan.output.files}}', concurrency: 2 },
        input: { path: '{{item.name}}' },
        onFailure: { to: 'mend' },
      },
      { id: 'lint', agent: 'linter', needs: ['review'], onFailure: 'continue' },
      {
        id: 'charge',
        agent: 'payer',
        action: 'charge',
        needs: ['review', 'lint?'],
        when: 'scan.output.total > 0 && has(nodes.lint)',
        input: { note: 'of {{scan.output.total}} files', first: '{{review.output.results.0.verdict}}' },
        compensate: { agent: 'payer', action: 'refund', input: { id: '{{charge.output.id}}' } },
      },
      { id: 'mend', agent: 'worker', input: { why: '{{review.failure.message}}' } },
    ],
    finally: [{ id: 'tidy', agent: 'worker', input: { run: '{{run.id}}' } }],
    output: { total: '{{scan.output.total}}' },
    workflows: { inspect: { nodes: [{ id: 'look', agent: 'worker', input: { of: '{{input.subject}}' } }] } },
  };
  expect(workflow).toEqual(twin);
  expect(workflowSchema.parse(workflow)).toEqual(workflowSchema.parse(twin));
});

describe('types', () => {
  test('of outputs follow the agent', () => {
    defineWorkflow(head, (w) => {
      const scanned = w.node('scan', { agent: scan, input: { paths: ['src'] } });
      expectTypeOf(scanned.output.total).toExtend<Template<number>>();
      expectTypeOf(scanned.output.files).toExtend<Template<readonly { name: string; lines: number }[]>>();
      expectTypeOf(w.input.paths).toEqualTypeOf<Handle<string[]>>();
      // @ts-expect-error TS2551 -- the agent puts out no such member
      w.node('report', { agent: 'worker', input: { total: scanned.output.totl } });
      const mapped = w.node('each', { agent: review, map: { over: ['a'] }, input: ({ item }) => ({ path: item }) });
      expectTypeOf(mapped.output.results).toExtend<Template<readonly { verdict: string }[]>>();
    });
  });

  test('of inputs follow the agent', () => {
    defineWorkflow(head, (w) => {
      const scanned = w.node('scan', { agent: scan, input: { paths: w.input.paths, depth: 2 } });
      // @ts-expect-error TS2769 -- a number where the agent takes a text
      w.node('one', { agent: review, input: { path: scanned.output.total } });
      // @ts-expect-error TS2769 -- the agent needs paths
      w.node('two', { agent: scan, input: {} });
      // @ts-expect-error TS2769 -- the agent never gives this signal
      w.node('three', { agent: scan, input: { paths: [] }, routes: [{ on: 'drity', end: 'failed' }] });
      w.node('four', {
        agent: review,
        map: { over: scanned.output.files },
        // @ts-expect-error TS2339 -- an item of the list has no such member
        input: ({ item }) => ({ path: item.nmae }),
      });
    });
  });
});
