import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { AgentRegistry } from '@vltair/agents';
import { validateWorkflow, type EffectGate, type KnownAgent } from '@vltair/core';
import { evaluatePolicy, parsePolicy } from '@vltair/governance';
import {
  makeRunId,
  makeTraceId,
  VltairError,
  type JsonObject,
  type Workflow,
  type WorkflowInput,
} from '@vltair/protocol';
import { readConfiguration } from '../environment.ts';
import { detailIn } from '../error-detail.ts';
import { idleAgents } from '../known-agents.ts';
import { readWorkflowFile } from '../workflow-file.ts';
import type { AgentScripts } from './agent-script.ts';
import { MemoryTrees, type Files } from './memory-trees.ts';
import { ScriptedAgents } from './scripted-agents.ts';
import { TestRun, timeOf, type Time } from './test-run.ts';
import { TestWorld, type TestWorldParts } from './test-world.ts';

export interface TestOptions {
  readonly input?: JsonObject;
  /** What agents do; `transform` works by itself, every other agent of the workflow needs a script. */
  readonly agents?: AgentScripts;
  /** The rules that stand before every call, as in `policy.yaml`. */
  readonly policy?: JsonObject;
  /** The workspace that the run begins with: contents by path. */
  readonly files?: Files;
  /** Default: 2026-01-01T00:00:00Z. */
  readonly startTime?: Time;
  /** Tells the ids of tests apart. Default: 0. */
  readonly seed?: number;
  /** Attempts in flight at a time. Default: 100. */
  readonly concurrency?: number;
  /** Milliseconds of real time that scripts may take while nothing happens. Default: 3000. */
  readonly patienceMs?: number;
}

/**
 * Starts a workflow in a test: the machine, the runtime, the ledger and the inbox are those of the product, the journal is
 * in memory, time is a clock that the test moves, and agents do what scripts say. It needs no directory, no process, no
 * network and no test runner, and takes milliseconds.
 *
 * @param definition what `defineWorkflow` gives, data of that form, or the path of a workflow file
 * @throws VltairError for the first problem of the workflow, as `vltair validate` finds it, with its place in a file;
 *   `invalid_argument/test_script` where agents have no script.
 * @example
 * await using run = await testWorkflow('release.yaml', {
 *   input: { version: '1.2' },
 *   agents: { codegen: ({ target }) => answer({ target }, { change: { path: 'RELEASE.md', content: 'text' } }) },
 * });
 * await run.runUntilRest();
 * await run.approve('decide', { by: 'ann' });
 * assert.equal(await run.runUntilRest(), 'succeeded');
 */
export async function testWorkflow(
  definition: WorkflowInput | string | URL,
  options: TestOptions = {},
): Promise<TestRun> {
  const { input = {}, agents: scripts = {}, seed = 0, startTime = START_TIME } = options;
  const builtIn = await builtInAgents();
  const trees = new MemoryTrees();
  const agents = (told: Parameters<TestWorldParts['agents']>[0]): ScriptedAgents =>
    new ScriptedAgents({ scripts, builtIn, filesOf: (tree) => trees.filesOf(tree), ...told });
  const workflow = await loadWorkflow(definition);
  const world = new TestWorld({
    startTime: timeOf(startTime),
    seed,
    concurrency: options.concurrency ?? 100,
    patienceMs: options.patienceMs ?? 3_000,
    agents,
    digests: builtIn.digests(),
    trees,
    gate: options.policy === undefined ? undefined : gateOf(options.policy),
  });
  try {
    checkScripts(workflow, world.agents);
    await loadWorkflow(definition, knownIn(workflow, builtIn));
    const chance = createHash('sha256').update(`vltair test ${seed}`).digest();
    const run = makeRunId(world.clock.now(), chance.subarray(0, 16));
    const traceId = makeTraceId(chance.subarray(16));
    const tree = trees.keep(options.files ?? {});
    await world.start({ run, workflow, input, traceId, title: workflow.name, tree });
    return new TestRun(run, world, trees);
  } catch (error) {
    await world.close();
    throw error;
  }
}

const START_TIME = '2026-01-01T00:00:00Z';

/** They are made once: none of them works, but for those that act on nothing. */
let made: Promise<AgentRegistry> | undefined;

async function builtInAgents(): Promise<AgentRegistry> {
  made ??= idleAgents(readConfiguration({}, '.'));
  return await made;
}

/** An agent of the product is checked as `vltair validate` does; of one that a test brings, nothing is known but its name. */
function knownIn(workflow: Workflow, builtIn: AgentRegistry): ReadonlyMap<string, KnownAgent> {
  const names = agentsOf(workflow).map(({ agent }) => [agent, {}] as const);
  return new Map<string, KnownAgent>([...names, ...builtIn.known()]);
}

/** @throws VltairError for the first of its problems. */
async function loadWorkflow(
  definition: WorkflowInput | string | URL,
  agents?: ReadonlyMap<string, KnownAgent>,
): Promise<Workflow> {
  if (definition instanceof URL) return await readWorkflowFile(fileURLToPath(definition), agents);
  if (typeof definition === 'string') return await readWorkflowFile(definition, agents);
  const { workflow, errors } = validateWorkflow(definition, agents === undefined ? {} : { agents });
  const [first] = errors;
  if (workflow !== undefined && first === undefined) return workflow;
  const { reason = 'invalid_argument/workflow', message = '', path = '' } = first ?? {};
  throw new VltairError(reason, { ...detailIn(reason, message), where: path });
}

interface NamedAgent {
  /** Where it is named. */
  readonly place: string;
  readonly agent: string;
  /** Absent: whatever a result proposes. */
  readonly action?: string;
}

/** All agents that a workflow names, its workflows too. */
function agentsOf({ workflows = {}, ...root }: Workflow): readonly NamedAgent[] {
  return [root, ...Object.values(workflows)].flatMap(({ nodes, finally: cleanup = [], taskAgents = [] }) => [
    ...[...nodes, ...cleanup].flatMap(({ id, agent, action, compensate }) => [
      ...(agent === undefined ? [] : [{ place: `node ${id}`, agent, action }]),
      ...(compensate === undefined ? [] : [{ place: `node ${id}`, ...compensate }]),
    ]),
    ...taskAgents.map((agent) => ({ place: 'taskAgents', agent })),
  ]);
}

/** Before the run begins, so that a script is missed at once, and not in a branch that few tests reach. */
function checkScripts(workflow: Workflow, scripts: ScriptedAgents): void {
  const missing = agentsOf(workflow).filter(({ agent, action }) => !scripts.covers(agent, action));
  if (missing.length === 0) return;
  const words = missing.map(({ place, agent, action }) => {
    return `${place} needs ${action === undefined ? agent : `${agent}/${action}`}`;
  });
  throw new VltairError('invalid_argument/test_script', {
    detail: `${words.join(', ')}, for which there is no script`,
  });
}

/** @throws VltairError `invalid_argument/policy` */
function gateOf(rules: JsonObject): EffectGate {
  const policy = parsePolicy(rules);
  return { evaluate: (request) => evaluatePolicy(policy, request) };
}
