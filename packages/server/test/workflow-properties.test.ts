import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { validateWorkflow, type KnownAgent } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { answer, testWorkflow, type ScriptContext } from '../src/testing/index.ts';
import type { TestRun } from '../src/testing/test-run.ts';
import { validateWorkflowFile, type FileValidation } from '../src/workflow-file.ts';

/**
 * Random workflows, as files:
 *
 * V1 Validation never throws, whatever the data. V2 Every problem has a line and a column inside of the file. V3 A workflow
 * that is accepted runs to an end, or waits for something that is named and can be answered, also after a crash; its log replays.
 * V4 One broken thing in an accepted workflow is found, at the place where it stands.
 */

const directory = mkdtempSync(join(tmpdir(), 'vltair-properties-'));
const path = join(directory, 'random.yaml');
afterAll(() => rmSync(directory, { recursive: true }));

const scanner: KnownAgent = {
  actions: {
    scan: {
      input: { type: 'object', properties: { of: {} }, additionalProperties: false },
      output: { type: 'object', properties: { list: { type: 'array' } }, required: ['list'] },
      signals: ['success', 'dirty'],
    },
  },
};
const agents: ReadonlyMap<string, KnownAgent> = new Map([
  ['scanner', scanner],
  ['worker', {}],
]);

async function validated(text: string): Promise<FileValidation> {
  writeFileSync(path, text);
  return await validateWorkflowFile(path, agents);
}

// --- random workflows

interface NodeData {
  id: string;
  agent?: string;
  action?: string;
  needs?: string[];
  input?: Record<string, unknown>;
  routes?: Record<string, unknown>[];
  [member: string]: unknown;
}

interface WorkflowData {
  name: string;
  nodes: NodeData[];
  finally?: NodeData[];
  workflows?: Record<string, unknown>;
  [member: string]: unknown;
}

const ids = ['fetch', 'parse', 'check', 'store', 'report', 'notify'] as const;
const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

const aKind = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ agent: 'worker' }) },
  { weight: 3, arbitrary: fc.constant({ agent: 'scanner', action: 'scan' }) },
  { weight: 1, arbitrary: fc.constant({ agent: 'worker', approval: { message: 'May it?' } }) },
  { weight: 1, arbitrary: fc.record({ sleep: fc.constantFrom('1s', '30d') }) },
  { weight: 1, arbitrary: fc.record({ signal: fc.constantFrom({}, { expires: '2h' }, { name: 'post' }) }) },
  { weight: 1, arbitrary: fc.constant({ approval: { message: 'Go on?', expires: '1d', warnBefore: '1h' } }) },
  { weight: 1, arbitrary: fc.constant({ subrun: { workflow: 'child' } }) },
);

const aNode = (index: number) =>
  fc
    .record({
      kind: aKind,
      needs: fc.subarray([...ids.slice(0, index)], { maxLength: Math.min(index, 2) }),
      tolerates: fc.boolean(),
      refers: fc.boolean(),
      isMapped: fc.integer({ min: 0, max: 5 }).map((number) => number === 0),
      when: optional(fc.constantFrom('true', 'false', 'input.flag')),
      onFailure: optional(fc.constantFrom('continue', { to: ids[index + 1] ?? 'fetch' })),
      route: optional(fc.record({ on: fc.constantFrom('success', '*'), to: fc.nat({ max: ids.length - 1 }) })),
      maxVisits: optional(fc.integer({ min: 1, max: 3 })),
      isUndone: fc.boolean(),
    })
    .map(({ kind, needs, ...more }): NodeData => {
      const isAgent = 'agent' in kind;
      const [first] = needs;
      const isStrict = first !== undefined && !more.tolerates;
      return {
        id: ids[index] ?? 'fetch',
        ...kind,
        ...(needs.length === 0 ? {} : { needs: needs.map((need) => (more.tolerates ? `${need}?` : need)) }),
        ...(more.refers && isStrict && isAgent ? { input: { of: `{{${first}.output}}` } } : {}),
        ...(more.isMapped ? { map: { over: ['a', 'b'] } } : {}),
        ...(more.when === undefined ? {} : { when: more.when }),
        ...(more.onFailure === undefined ? {} : { onFailure: more.onFailure }),
        ...(more.route === undefined || more.isMapped
          ? {}
          : { routes: [{ on: more.route.on, to: ids[more.route.to] ?? 'fetch' }] }),
        ...(more.maxVisits === undefined ? {} : { maxVisits: more.maxVisits }),
        ...(more.isUndone && isAgent ? { compensate: { agent: 'worker', action: 'undo' } } : {}),
      };
    });

const child = { nodes: [{ id: 'below', agent: 'worker' }], output: { of: '{{below.output}}' } };

const aWorkflow: fc.Arbitrary<WorkflowData> = fc
  .integer({ min: 1, max: ids.length })
  .chain((count) =>
    fc.record({
      nodes: fc.tuple(...ids.slice(0, count).map((_, index) => aNode(index))),
      hasFinally: fc.boolean(),
      timeout: optional(fc.constantFrom('1h', '90d')),
    }),
  )
  .map(({ nodes, hasFinally, timeout }) => ({
    name: 'random',
    nodes,
    ...(hasFinally ? { finally: [{ id: 'sweep', agent: 'worker', input: { how: '{{run.ending}}' } }] } : {}),
    ...(timeout === undefined ? {} : { timeout }),
    ...(nodes.some(({ subrun }) => subrun !== undefined) ? { workflows: { child } } : {}),
  }));

/** Those that are accepted, as many as there are places for. */
async function accepted(data: WorkflowData): Promise<string | undefined> {
  const text = stringify(data);
  const { errors } = await validated(text);
  return errors.length === 0 ? text : undefined;
}

// --- V1, V2

function expectPlaces(text: string, { errors, warnings }: FileValidation): void {
  const lines = text.split('\n');
  for (const { line = 0, column = 0, message } of [...errors, ...warnings]) {
    expect(line, message).toBeGreaterThanOrEqual(1);
    expect(line, message).toBeLessThanOrEqual(lines.length);
    expect(column, message).toBeGreaterThanOrEqual(1);
    expect(column, message).toBeLessThanOrEqual((lines[line - 1]?.length ?? 0) + 1);
  }
}

test('V1, V2: any data is judged, and each problem has its place in the file', async () => {
  const anything = fc.jsonValue({ maxDepth: 4 });
  const almost = fc.tuple(aWorkflow, fc.nat(), anything).map(([data, place, value]) => damaged(data, place, value));
  await fc.assert(
    fc.asyncProperty(fc.oneof(anything, almost), async (data) => {
      expect(() => validateWorkflow(data, { agents })).not.toThrow();
      const text = stringify(data);
      const found = await validated(text);
      expectPlaces(text, found);
      if (typeof data !== 'object' || data === null || Array.isArray(data)) expect(found.errors).not.toEqual([]);
    }),
    { numRuns: 1_000 },
  );
});

/** One value somewhere in the data is another. */
function damaged(data: unknown, place: number, value: unknown): unknown {
  const copy: unknown = structuredClone(data);
  const slots: (() => void)[] = [];
  const visit = (holder: unknown): void => {
    if (typeof holder !== 'object' || holder === null) return;
    for (const [key, member] of Object.entries(holder)) {
      slots.push(() => Reflect.set(holder, key, value));
      visit(member);
    }
  };
  visit(copy);
  slots[place % slots.length]?.();
  return copy;
}

test.each(['', '# nothing\n', 'name: lonely\n', '[]\n', '42\n', 'nodes: []\n', 'name: x\nnodes:\n  -\n', '--- {}\n'])(
  'V2: a file that is hardly a workflow is refused with a place: %j',
  async (text) => {
    const found = await validated(text);
    expect(found.errors).not.toEqual([]);
    expectPlaces(text, found);
  },
);

// --- V3

const worker = (choice: number) => (_: unknown, context: ScriptContext) => {
  const dice = (choice + context.node.length * 7 + context.visit * 3 + context.attempt) % 11;
  if (dice === 0) throw new VltairError('transient/agent');
  if (dice === 1) throw new VltairError('fatal/agent');
  return answer({ list: ['x'] }, { signal: dice === 2 ? 'dirty' : 'success' });
};

/** Answers everything that is waited for, now and then in another process, until the end. */
async function answerAll(run: TestRun, choice: number): Promise<void> {
  for (let turn = 0; (await run.runUntilRest()) === 'paused' || run.status === 'running'; turn += 1) {
    const [first] = run.waitingFor.filter(({ kind }) => kind !== 'sleep');
    expect(first?.kind, 'a named wait').toBeOneOf(['approval', 'signal']);
    expect(turn, 'an end').toBeLessThan(100);
    if ((turn + choice) % 4 === 0) await run.crash();
    if (first?.kind === 'signal') await run.signal(first.name, { turn });
    else if (first?.kind === 'approval' && (turn + choice) % 3 > 0) await run.approve(first.approval);
    else if (first?.kind === 'approval') await run.reject(first.approval);
  }
}

test('V3: what is accepted runs to an end, answered where it waits for a name, and its log replays', async () => {
  const statuses: Record<string, number> = {};
  await fc.assert(
    fc.asyncProperty(aWorkflow, fc.nat({ max: 10 }), async (data, choice) => {
      if ((await accepted(data)) === undefined) return;
      const agent = worker(choice);
      await using run = await testWorkflow(path, {
        input: { flag: choice > 5 },
        agents: { worker: agent, scanner: agent },
      });
      await answerAll(run, choice);
      await run.expectVerified();
      statuses[run.status] = (statuses[run.status] ?? 0) + 1;
    }),
    { numRuns: 250 },
  );
  expect(statuses['succeeded']).toBeGreaterThan(25);
  expect(statuses['failed']).toBeGreaterThan(10);
});

// --- V4

interface Mutation {
  readonly title: string;
  /** Breaks the data, and tells what the place that is told must begin with; `undefined`: there is nothing to break. */
  readonly apply: (data: WorkflowData) => RegExp | undefined;
}

const mutations: readonly Mutation[] = [
  {
    title: 'a need that is renamed',
    apply: ({ nodes }) => {
      const node = nodes.find(({ needs }) => needs !== undefined);
      node?.needs?.splice(0, 1, 'nowhere');
      return node && /^nowhere/;
    },
  },
  {
    title: 'a route that is renamed',
    apply: ({ nodes }) => {
      const route = nodes.find(({ routes }) => routes !== undefined)?.routes?.[0];
      if (route !== undefined) route['to'] = 'nowhere';
      return route && /^nowhere/;
    },
  },
  {
    title: 'a reference that is renamed',
    apply: ({ nodes }) => {
      const node = nodes.find(({ input }) => input !== undefined);
      if (node !== undefined) node.input = { of: '{{nowhere.output}}' };
      return node && /^"\{\{nowhere/;
    },
  },
  {
    title: 'a condition that is renamed',
    apply: ({ nodes }) => {
      const node = nodes.find(({ when }) => when !== undefined);
      if (node !== undefined) node['when'] = 'nowhere.output.flag';
      return node && /^nowhere/;
    },
  },
  {
    title: 'a workflow of a subrun that is renamed',
    apply: ({ nodes }) => {
      const node = nodes.find(({ subrun }) => subrun !== undefined);
      if (node !== undefined) node['subrun'] = { workflow: 'nowhere' };
      return node && /^nowhere/;
    },
  },
  {
    title: 'an agent that is renamed',
    apply: ({ nodes }) => {
      const node = nodes.find(({ agent }) => agent !== undefined);
      if (node !== undefined) node.agent = 'nobody';
      return node && /^nobody/;
    },
  },
  {
    title: 'a node that is removed though others need it',
    apply: (data) => {
      const needed = data.nodes.find(({ id }) => data.nodes.some(({ needs = [] }) => needs.includes(id)));
      data.nodes = data.nodes.filter((node) => node !== needed);
      return needed && new RegExp(`^${needed.id}`);
    },
  },
  {
    title: 'a circle',
    apply: ({ nodes }) => {
      const [first, last] = [nodes[0], nodes.at(-1)];
      if (first === undefined || last === undefined) return undefined;
      first.needs = [last.id];
      last.needs = [first.id];
      return new RegExp(`^(${first.id}|${last.id})`);
    },
  },
  {
    title: 'an id that is taken',
    apply: ({ nodes }) => {
      const [first, second] = nodes;
      if (first === undefined || second === undefined) return undefined;
      second.id = first.id;
      return new RegExp(`^${first.id}`);
    },
  },
  {
    title: 'a member that does not exist',
    apply: ({ nodes }) => {
      Object.assign(nodes[0] ?? {}, { maxAtempts: 3 });
      return /^maxAtempts/;
    },
  },
  {
    title: 'a time that is none',
    apply: (data) => {
      data['timeout'] = 'soon';
      return /^soon/;
    },
  },
];

test.each(mutations)('V4: $title is found where it stands', async ({ apply }) => {
  let broken = 0;
  await fc.assert(
    fc.asyncProperty(aWorkflow, async (data) => {
      if ((await accepted(data)) === undefined) return;
      const begins = apply(data);
      if (begins === undefined) return;
      broken += 1;
      const text = stringify(data);
      const found = await validated(text);
      expectPlaces(text, found);
      const told = found.errors.map(({ line = 1, column = 1 }) => text.split('\n')[line - 1]?.slice(column - 1));
      expect(told).toContainEqual(expect.stringMatching(begins));
    }),
    { numRuns: 200 },
  );
  expect(broken).toBeGreaterThan(5);
});
