import { failure, failureOf, type FactOf, type Workflow } from '@vltair/protocol';
import type { SubrunActivity } from '../machine/pending.ts';
import { hasEnded, type RunState } from '../machine/run-state.ts';
import type { ChildRuns } from './run-process.ts';
import type { StartRequest } from './start-request.ts';

/** What the children of runs need of the runtime that they run in. */
export interface ChildRunPorts {
  readonly exists: (run: string) => Promise<boolean>;
  readonly start: (request: StartRequest) => Promise<RunState>;
  readonly resume: (run: string) => Promise<RunState>;
  /** Resolves when the run has ended; rejects when this process works on it no longer. */
  readonly ended: (run: string) => Promise<RunState>;
  readonly cancel: (run: string, reason: string) => Promise<unknown>;
}

type Ended = FactOf<'subrun.ended'>;

/** The children of `subrun` nodes: runs of their own, on what was set aside for them. */
export class SubrunFollower implements ChildRuns {
  readonly #ports: ChildRunPorts;
  /** Children that are on their way into the log: a cancel waits for them. */
  readonly #beginning = new Map<string, Promise<unknown>>();

  constructor(ports: ChildRunPorts) {
    this.#ports = ports;
  }

  /** A child that cannot begin has ended before it began; one that exists is taken up where it stands. */
  async follow(parent: RunState, activity: SubrunActivity): Promise<Ended> {
    const { run } = activity.wait;
    const beginning = this.#begin(parent, activity);
    this.#beginning.set(run, beginning);
    const refused = await beginning.finally(() => this.#beginning.delete(run)); // not-a-port: a start of the runtime
    if (refused !== undefined) return neverBegan(activity, refused);
    const state = await this.#ports.resume(run); // not-a-port: the runtime above
    return endOf(activity, hasEnded(state) ? state : await this.#ports.ended(run));
  }

  async cancel(run: string, reason: string): Promise<void> {
    await this.#begun(run); // not-a-port: a start of the runtime
    if (await this.#ports.exists(run)) await this.#ports.cancel(run, reason);
  }

  async #begun(run: string): Promise<void> {
    try {
      await this.#beginning.get(run); // not-a-port: a start of the runtime
    } catch {
      // Whoever follows the child is told why it could not begin.
    }
  }

  /** Why the child has ended before it began; `undefined` when it is there. */
  async #begin(parent: RunState, activity: SubrunActivity): Promise<Ended['failure'] | undefined> {
    const { run, workflow: name } = activity.wait;
    if (await this.#ports.exists(run)) return undefined;
    if (activity.isStopping) return failure('cancelled/run', { detail: run });
    const workflow = childWorkflow(parent, activity);
    if (workflow === undefined) return failure('not_found/workflow', { detail: name });
    return await this.#start(requestOf(parent, activity, workflow)); // not-a-port: a start of the runtime
  }

  /** Why the caller's request is refused; what fails for another reason is thrown. */
  async #start(request: StartRequest): Promise<Ended['failure'] | undefined> {
    try {
      await this.#ports.start(request);
      return undefined;
    } catch (error) {
      const why = failureOf(error);
      if (why.reason === 'invalid_argument/run_exists') return undefined; // a worker that was overtaken has begun it meanwhile
      if (why.code === 'invalid_argument' || why.code === 'not_found') return why;
      throw error;
    }
  }
}

function childWorkflow(parent: RunState, { wait }: SubrunActivity): Workflow | undefined {
  const { workflows = {} } = parent.workflow;
  const child = Object.hasOwn(workflows, wait.workflow) ? workflows[wait.workflow] : undefined;
  return child === undefined ? undefined : { name: wait.workflow, ...child, workflows, budget: wait.granted };
}

function requestOf(parent: RunState, { wait, node, visit }: SubrunActivity, workflow: Workflow): StartRequest {
  const { run, input, tree } = wait;
  const depth = (parent.parent?.depth ?? 0) + 1;
  return {
    run,
    workflow,
    input,
    traceId: parent.traceId,
    title: `${wait.workflow} of ${parent.title}`,
    parent: { run: parent.run, node, visit, depth },
    ...(tree === undefined ? {} : { tree }),
    ...(parent.tenant === undefined ? {} : { tenant: parent.tenant }),
    ...(parent.restored === undefined ? {} : { restored: parent.restored }),
  };
}

function endOf({ node, visit, wait }: SubrunActivity, state: RunState): Ended {
  const { run, status, output, failure: why, budget, tree } = state;
  return {
    type: 'subrun.ended',
    node,
    visit,
    run,
    status: status === 'succeeded' || status === 'cancelled' ? status : 'failed',
    ...(output === undefined ? {} : { output }),
    ...(why === undefined ? {} : { failure: why }),
    spent: budget.spent,
    ...(tree === undefined || tree === wait.tree ? {} : { tree }),
  };
}

function neverBegan({ node, visit, wait }: SubrunActivity, why: NonNullable<Ended['failure']>): Ended {
  return { type: 'subrun.ended', node, visit, run: wait.run, status: 'failed', failure: why, spent: {} };
}
