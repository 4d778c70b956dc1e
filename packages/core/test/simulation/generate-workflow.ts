import { VltairError, workflowSchema, type WorkflowInput } from '@vltair/protocol';
import { planGraph } from '../../src/machine/plan-graph.ts';
import type { Choices } from './choices.ts';

type NodeInput = WorkflowInput['nodes'][number];
type Flow = Omit<WorkflowInput, 'name' | 'workflows'>;

/** Names of the agents that workflows use; the last two undo and clean up. */
export const agentNames = ['ada', 'bob', 'cyd', 'dee', 'undoer', 'sweeper'] as const;
const workers = ['ada', 'bob', 'cyd', 'dee'] as const;
export const signals = ['success', 'again', 'other'] as const;
const MAX_NODES = 6;
const TRIES = 12;

/** A workflow that the planner takes; a plain one where the choices give none. */
export function generateWorkflow(choices: Choices): WorkflowInput {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const workflow = aWorkflow(choices);
    if (isPlanned(workflow)) return workflow;
  }
  return { name: 'simulated', nodes: [{ id: 'n0', agent: 'ada' }] };
}

function isPlanned(workflow: WorkflowInput): boolean {
  const parsed = workflowSchema.safeParse(workflow);
  if (!parsed.success) return false;
  try {
    for (const flow of [parsed.data, ...Object.values(parsed.data.workflows ?? {})])
      planGraph({ ...flow, name: 'flow' });
    return true;
  } catch (error) {
    if (error instanceof VltairError) return false;
    throw error;
  }
}

function aWorkflow(choices: Choices): WorkflowInput {
  const hasChild = choices.chance('workflow', 30);
  const workflow = { name: 'simulated', ...aFlow(choices, MAX_NODES, hasChild) };
  return hasChild ? { ...workflow, workflows: { child: aFlow(choices, 3, false) } } : workflow;
}

function aFlow(choices: Choices, most: number, hasChild: boolean): Flow {
  const count = 1 + choices.pick('workflow', most);
  const drawn = Array.from({ length: count }, (_, index) => aNode(choices, index, count, hasChild));
  const nodes = count >= 3 && choices.chance('workflow', 4) ? withSideEntry(drawn, choices) : drawn;
  const ends = Array.from(
    { length: choices.chance('workflow', 25) ? 1 + choices.pick('workflow', 2) : 0 },
    (_, index) => aCleanup(choices, index),
  );
  return {
    nodes,
    ...(ends.length === 0 ? {} : { finally: ends }),
    ...optional(choices, 12, 'timeout', () => 2_000 + choices.pick('workflow', 60_000)),
    ...optional(choices, 40, 'budget', () => aBudget(choices)),
    ...optional(choices, 10, 'maxNodes', () => count + 1 + choices.pick('workflow', 6)),
    ...optional(choices, 10, 'output', () => ({
      given: choices.chance('workflow', 20) ? '{{n0.output.none}}' : '{{n0.output.flag}}',
    })),
    ...optional(choices, 20, 'taskAgents', () => ['bob']),
  };
}

function aBudget(choices: Choices): NonNullable<WorkflowInput['budget']> {
  return {
    ...optional(choices, 60, 'calls', () => 1 + choices.pick('workflow', 12)),
    ...optional(choices, 30, 'candidates', () => choices.pick('workflow', 60)),
    ...optional(choices, 30, 'tokens', () => choices.pick('workflow', 400)),
    ...optional(choices, 20, 'microUsd', () => choices.pick('workflow', 400)),
    ...optional(choices, 20, 'timeMs', () => 500 + choices.pick('workflow', 30_000)),
  };
}

function aNode(choices: Choices, index: number, count: number, hasChild: boolean): NodeInput {
  const kind = choices.one('workflow', kindsFor(hasChild));
  const isMapped = (kind === 'agent' || kind === 'subrun') && choices.chance('workflow', 15);
  const isBounded = kind === 'agent' || kind === 'subrun';
  return {
    id: `n${index}`,
    ...does(choices, kind),
    ...(index === 0 ? {} : someNeeds(choices, index)),
    ...(isMapped ? { map: aMap(choices, index) } : someRoutes(choices, index, count)),
    ...optional(choices, 8, 'when', () => aCondition(choices, index)),
    ...optional(choices, 20, 'onFailure', () => onFailure(choices, count)),
    ...(isBounded
      ? optional(choices, 15, 'compensate', () => ({ agent: 'undoer', maxAttempts: 1 + choices.pick('workflow', 3) }))
      : {}),
    ...(isBounded ? optional(choices, 15, 'timeout', () => 200 + choices.pick('workflow', 20_000)) : {}),
    ...optional(choices, 12, 'budget', () => aBudget(choices)),
    ...optional(choices, 10, 'concurrencyKey', () => choices.one('workflow', ['one', 'two'])),
    ...optional(choices, 10, 'priority', () => choices.pick('workflow', 10)),
    maxAttempts: 1 + choices.pick('workflow', 3),
    maxVisits: 1 + choices.pick('workflow', 3),
  };
}

/** A loop of the second and third node that the first one enters at either: no order of them is right. */
function withSideEntry(nodes: readonly NodeInput[], choices: Choices): NodeInput[] {
  const [first, second, third, ...others] = nodes.map(({ needs: _needs, map: _map, ...rest }) => rest);
  if (first === undefined || second === undefined || third === undefined) return [...nodes];
  const [one, other] = choices.chance('workflow', 50) ? [second.id, third.id] : [third.id, second.id];
  return [
    {
      ...first,
      routes: [
        { on: 'success', to: one },
        { on: '*', to: other },
      ],
    },
    { ...second, routes: [{ on: 'success', to: third.id }], maxVisits: 3 },
    { ...third, routes: [{ on: 'success', to: second.id }], maxVisits: 3 },
    ...others,
  ];
}

type Kind = 'agent' | 'guarded' | 'sleep' | 'signal' | 'approval' | 'subrun';

function kindsFor(hasChild: boolean): readonly [Kind, ...Kind[]] {
  const usual: readonly [Kind, ...Kind[]] = [
    'agent',
    'agent',
    'agent',
    'agent',
    'agent',
    'agent',
    'guarded',
    'sleep',
    'signal',
    'approval',
  ];
  return hasChild ? [...usual, 'subrun', 'subrun', 'subrun', 'subrun'] : usual;
}

function does(choices: Choices, kind: Kind): Partial<NodeInput> {
  switch (kind) {
    case 'agent':
      return { agent: choices.one('workflow', workers) };
    case 'guarded':
      return { agent: choices.one('workflow', workers), approval: anApproval(choices) };
    case 'sleep':
      return { sleep: 1 + choices.pick('workflow', 9_000) };
    case 'signal':
      return {
        signal: {
          ...optional(choices, 50, 'name', () => 'post'),
          ...optional(choices, 40, 'expires', () => 100 + choices.pick('workflow', 6_000)),
        },
      };
    case 'approval':
      return { approval: anApproval(choices) };
    case 'subrun':
      return { subrun: { workflow: 'child', ...optional(choices, 40, 'budget', () => aBudget(choices)) } };
  }
}

function anApproval(choices: Choices): NonNullable<NodeInput['approval']> {
  const expires = choices.chance('workflow', 50) ? 1_000 + choices.pick('workflow', 6_000) : undefined;
  return {
    message: 'may it?',
    ...(expires === undefined ? {} : { expires }),
    ...(expires === undefined ? {} : optional(choices, 50, 'warnBefore', () => 1 + choices.pick('workflow', 900))),
    ...optional(choices, 20, 'approvers', () => ['ann']),
  };
}

function someNeeds(choices: Choices, index: number): Partial<NodeInput> {
  const needs = Array.from({ length: index }, (_, need) => need)
    .filter(() => choices.pick('workflow', 2 + index) === 0)
    .map((need) => (choices.chance('workflow', 15) ? `n${need}?` : `n${need}`));
  return needs.length === 0 ? {} : { needs };
}

function someRoutes(choices: Choices, index: number, count: number): Partial<NodeInput> {
  if (!choices.chance('workflow', 30)) return {};
  const routes = signals.slice(0, 1 + choices.pick('workflow', 3)).map((signal) => {
    const on = choices.chance('workflow', 15) ? '*' : signal;
    if (choices.chance('workflow', 12)) return { on, end: choices.one('workflow', ['succeeded', 'failed'] as const) };
    const isBack = signal === 'again' || choices.chance('workflow', 20);
    const to = isBack
      ? choices.pick('workflow', index + 1)
      : Math.min(count - 1, index + 1 + choices.pick('workflow', 2));
    return { on, to: `n${to}` };
  });
  return { routes };
}

function aMap(choices: Choices, index: number): NonNullable<NodeInput['map']> {
  const own = ['a', 'b', 'c'].slice(0, choices.pick('workflow', 4));
  const over = index > 0 && choices.chance('workflow', 40) ? '{{n0.output.list}}' : own;
  return { over, ...optional(choices, 50, 'concurrency', () => 1 + choices.pick('workflow', 2)) };
}

function aCondition(choices: Choices, index: number): string {
  return index > 0 && choices.chance('workflow', 60) ? 'n0.output.flag' : choices.one('workflow', ['true', 'input.no']);
}

function onFailure(choices: Choices, count: number): NonNullable<NodeInput['onFailure']> {
  return choices.chance('workflow', 40) ? { to: `n${choices.pick('workflow', count)}` } : 'continue';
}

function aCleanup(choices: Choices, index: number): NodeInput {
  const needs = index > 0 && choices.chance('workflow', 50) ? { needs: [`end${index - 1}`] } : {};
  return {
    id: `end${index}`,
    agent: 'sweeper',
    ...needs,
    ...optional(choices, 15, 'timeout', () => 200 + choices.pick('workflow', 5_000)),
    maxAttempts: 1 + choices.pick('workflow', 2),
  };
}

/** That member, so many times in a hundred. */
function optional<K extends string, T>(choices: Choices, percent: number, key: K, make: () => T): { [P in K]?: T } {
  return choices.chance('workflow', percent) ? ({ [key]: make() } as { [P in K]?: T }) : {};
}
