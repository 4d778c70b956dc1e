import { randomBytes } from 'node:crypto';
import { catalogued, type Project } from '@vltair/agents';
import {
  makeRunId,
  makeTraceId,
  VltairError,
  type AgentTask,
  type Json,
  type JsonObject,
  type Workflow,
} from '@vltair/protocol';
import { bringToRest, type Desk, type Target } from './bring-to-rest.ts';
import { planProject, type ProjectPlan } from './project-plan.ts';
import { outcomeOf, type RunOutcome } from './run-outcome.ts';
import type { SessionOptions } from './session.ts';
import { readWorkflowFile } from './workflow-file.ts';

export interface WorkflowSession extends SessionOptions {
  /** The directory that the run works on: captured, never written. */
  readonly directory: string;
}

/** Runs a workflow file over a directory. An input without `project` gets the one of the directory, where the workflow asks for it. */
export async function runWorkflow(session: WorkflowSession, file: string, input: JsonObject): Promise<RunOutcome> {
  return await work(session, async ({ agents }) => {
    const workflow = await readWorkflowFile(file, agents.known());
    const asksForProject = JSON.stringify(workflow).includes('{{input.project}}');
    return { workflow, input, asksForProject, traceId: makeTraceId(randomBytes(16)) };
  });
}

/**
 * Runs one task as a workflow of one node. A task of an agent that works on a project gets the project of the directory
 * unless it names one.
 *
 * @throws VltairError `invalid_argument/unknown_agent`, `invalid_argument/envelope`, `invalid_argument/agent_input`: no run is begun.
 */
export async function runTask(session: WorkflowSession, task: AgentTask): Promise<RunOutcome> {
  return await work(session, ({ agents }) => {
    const agent = task.agent;
    if (agent === undefined)
      throw new VltairError('invalid_argument/envelope', { detail: 'agent: name one', where: 'agent' });
    if (!agents.has(agent)) throw new VltairError('invalid_argument/unknown_agent', { detail: agent, where: 'agent' });
    const { action, ...input } = task.payload;
    const asksForProject = PROJECT_ACTIONS.has(`${agent} ${action}`);
    const traceId = task.traceId ?? makeTraceId(randomBytes(16));
    return {
      workflow: workflowOf(task, agent, asksForProject),
      input,
      asksForProject,
      traceId,
      check: (payload) => agents.validate({ ...task, payload: { ...payload, action } }),
    };
  });
}

/** What works on a whole project, by agent and action. */
const PROJECT_ACTIONS: ReadonlySet<string> = new Set([
  'test-exec run',
  'test-exec reproduce',
  'test-exec validate',
  'codegen repair',
]);

/** The payload goes through the run's input: text in it that looks like a template stays text. */
function workflowOf({ id, payload, constraints }: AgentTask, agent: string, asksForProject: boolean): Workflow {
  const { action, ...input } = payload;
  const keys = [...new Set([...Object.keys(input), ...(asksForProject ? ['project'] : [])])];
  const unfit = keys.find((key) => !/^[A-Za-z0-9_-]+$/.test(key));
  if (unfit !== undefined)
    throw new VltairError('invalid_argument/envelope', { detail: `payload.${unfit} is no name`, where: 'payload' });
  const timeoutMs = constraints?.timeoutMs;
  const node = {
    id: 'task',
    agent,
    action,
    input: Object.fromEntries(keys.map((key) => [key, `{{input.${key}}}`])),
    needs: [],
    routes: [],
    maxAttempts: 3,
    maxVisits: 1,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  };
  return { name: 'task', description: `The task ${id}.`, nodes: [node], budget: {} };
}

interface Beginning {
  readonly workflow: Workflow;
  readonly input: JsonObject;
  readonly asksForProject: boolean;
  readonly traceId: string;
  /** Throws for an input that cannot be worked on: then nothing is recorded. */
  readonly check?: (input: JsonObject) => void;
}

async function work(
  session: WorkflowSession,
  begin: (desk: Desk) => Beginning | Promise<Beginning>,
): Promise<RunOutcome> {
  let { directory } = session;
  return await bringToRest(session, {
    prepare: async (desk) => {
      const { root, ...target } = await targetOf(desk, session, await begin(desk));
      directory = root;
      return target;
    },
    finish: async (desk, state) => await outcomeOf(desk, state, directory),
  });
}

/** `root` is where the files are taken from. */
async function targetOf(
  desk: Desk,
  session: WorkflowSession,
  beginning: Beginning,
): Promise<Target & { readonly root: string }> {
  const { workflow, input, asksForProject, traceId } = beginning;
  const needed = asksForProject && input['project'] === undefined;
  const plan = needed ? await planProject(session.directory, undefined) : undefined;
  const root = plan?.root ?? session.directory;
  const snapshot = await catalogued(desk.workspace.capture(root));
  const project = plan === undefined ? {} : { project: projectOf(plan, snapshot.dependencies) };
  beginning.check?.({ ...input, ...project });
  const run = makeRunId(Date.now(), randomBytes(16));
  const title = workflow.name === 'task' ? workflow.description : `run ${workflow.name}`;
  const request = {
    workflow,
    input: { ...input, ...project },
    traceId,
    title,
    tree: snapshot.tree,
  };
  return { run, begin: { type: 'start', joins: false, request }, root };
}

const TEST_TIMEOUT_MS = 120_000;

function projectOf(plan: ProjectPlan, dependencies: readonly string[]): Json {
  const project: Project = {
    directory: plan.root,
    dependencies: [...dependencies],
    commands: [...plan.commands],
    testTimeoutMs: TEST_TIMEOUT_MS,
    sandboxMode: 'best-effort',
  };
  return project;
}
