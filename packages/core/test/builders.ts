import {
  canonicalJson,
  failure,
  jsonObjectSchema,
  kindOf,
  workflowSchema,
  type AmbiguityPolicy,
  type Amounts,
  type Artifact,
  type Decision,
  type EffectOutcome,
  type ErrorReason,
  type EventPayload,
  type Fact,
  type FactOf,
  type GateVerdict,
  type JsonObject,
  type Manifest,
  type RunEvent,
  type Workflow,
  type WorkflowInput,
} from '@vltair/protocol';
import { admitEffect, type EffectAdmission, type EffectRequest } from '../src/machine/admit-effect.ts';
import { knownFlags } from '../src/machine/behaviour-flags.ts';
import { step } from '../src/machine/decide.ts';
import { effectKey } from '../src/machine/effect-key.ts';
import { nodeOf, STATE_SCHEMA, type NodeState, type RunState } from '../src/machine/run-state.ts';
import { parseSnapshot } from '../src/runtime/snapshot-state.ts';

type NodeInput = WorkflowInput['nodes'][number];
type NodeWish = Partial<Omit<NodeInput, 'agent'>> & { readonly id: string; readonly agent?: string | undefined };

/** A workflow of nodes that all use the agent `worker`. */
export function aWorkflow(nodes: readonly NodeWish[], rest: Partial<Omit<WorkflowInput, 'nodes'>> = {}): Workflow {
  return workflowSchema.parse({
    name: 'story',
    ...rest,
    nodes: nodes.map((node) => withoutAbsent({ agent: 'worker', ...node })),
  });
}

/** A node that is to have no agent says so with `agent: undefined`. */
function withoutAbsent({ agent, ...node }: NodeWish): NodeInput {
  return agent === undefined ? node : { agent, ...node };
}

const RUN = '01900000-0000-7000-8000-000000000001';
const TRACE_ID = '0af7651916cd43dd8448eb211c80319c';
export const START_TS = 1_000_000;

type Fork = NonNullable<FactOf<'run.created'>['forkedFrom']>;

function runCreated(
  workflow: Workflow,
  input: JsonObject = {},
  forkedFrom?: Fork,
  pinned: Partial<Manifest> = {},
): FactOf<'run.created'> {
  const manifest = { workflow: 'digest', agents: { worker: 'digest' }, flags: [...knownFlags], ...pinned };
  const fork = forkedFrom === undefined ? {} : { forkedFrom };
  return {
    type: 'run.created',
    workflow,
    manifest,
    input,
    traceId: TRACE_ID,
    tree: 'tree0',
    title: 'a story',
    ...fork,
  };
}

/** The reply of an agent with that signal. */
export function resultOf(
  node: string,
  signal = 'success',
  output: JsonObject = {},
  artifacts: readonly Artifact[] = [],
): FactOf<'attempt.completed'>['outcome'] {
  return {
    kind: 'result',
    result: {
      type: 'AgentResult',
      id: `${node}:result`,
      protocolVersion: 1,
      taskId: node,
      traceId: TRACE_ID,
      agent: 'worker',
      payload: { signal, output, artifacts: [...artifacts] },
    },
  };
}

export const valueOutcome: EffectOutcome = { kind: 'value', value: 'ok' };
export const errorOutcome: EffectOutcome = { kind: 'error', failure: failure('transient/agent') };

export interface EffectWish {
  readonly name?: string;
  readonly policy?: AmbiguityPolicy;
  readonly digest?: string;
  readonly reserved?: Amounts;
  readonly gate?: GateVerdict;
}

/** A run told fact by fact, with a clock that only moves when it is told to. */
export class RunStory {
  readonly run = RUN;
  readonly events: RunEvent[] = [];
  #state: RunState | undefined;
  #ts = START_TS;

  constructor(workflow: Workflow, input: JsonObject = {}, forkedFrom?: Fork, pinned: Partial<Manifest> = {}) {
    this.tell(runCreated(workflow, input, forkedFrom, pinned));
  }

  get state(): RunState {
    if (this.#state === undefined) throw new RangeError('the story has not begun');
    return this.#state;
  }

  get ts(): number {
    return this.#ts;
  }

  node(id: string): NodeState {
    return nodeOf(this.state, id);
  }

  statuses(): Record<string, string> {
    return Object.fromEntries(Object.entries(this.state.nodes).map(([id, { status }]) => [id, status]));
  }

  /** Lets time pass. */
  wait(milliseconds: number): this {
    this.#ts += milliseconds;
    return this;
  }

  /** Appends the fact with what follows from it; gives what follows. */
  tell(fact: Fact): readonly Decision[] {
    const event = { run: RUN, seq: (this.#state?.seq ?? 0) + 1, ts: this.#ts, epoch: 1, kind: kindOf(fact) };
    const next = step(this.#state, { ...event, payload: fact });
    this.#state = next.state;
    this.events.push(...next.events);
    return next.events.slice(1).map(({ payload }) => payload as Decision);
  }

  ref(id: string) {
    const { visit, attempt } = this.node(id);
    return { node: id, visit, attempt };
  }

  complete(id: string, signal = 'success', output: JsonObject = {}): readonly Decision[] {
    return this.#completed(id, resultOf(id, signal, output));
  }

  fail(id: string, reason: ErrorReason = 'fatal/agent'): readonly Decision[] {
    return this.#completed(id, { kind: 'error', failure: failure(reason) });
  }

  stopped(id: string): readonly Decision[] {
    return this.tell({ type: 'attempt.stopped', ...this.ref(id) });
  }

  cancel(): readonly Decision[] {
    return this.tell({ type: 'cancel.requested', by: 'ann', reason: 'not wanted' });
  }

  claim(): readonly Decision[] {
    return this.tell({ type: 'run.claimed', worker: 'w2' });
  }

  nodeDeadline(id: string): readonly Decision[] {
    return this.tell({ type: 'timer.fired', timer: { kind: 'node_deadline', node: id, visit: this.node(id).visit } });
  }

  runDeadline(): readonly Decision[] {
    return this.tell({ type: 'timer.fired', timer: { kind: 'run_deadline' } });
  }

  resolve(key: string, resolution: 'retry' | 'fail'): readonly Decision[] {
    return this.tell({ type: 'effect.resolved', key, resolution, by: 'ann' });
  }

  request(
    id: string,
    { name = 'call', policy = 'once', digest = 'd1', reserved = {}, gate }: EffectWish = {},
  ): EffectRequest {
    const { visit, attempt, incarnation } = this.node(id);
    return {
      key: effectKey({ node: id, visit, name, occurrence: 1 }),
      node: id,
      visit,
      attempt,
      incarnation,
      name,
      occurrence: 1,
      argumentsDigest: digest,
      summary: name,
      policy,
      reserved,
      notAfter: this.#ts + 30_000,
      ...(gate === undefined ? {} : { gate }),
    };
  }

  /** Asks the ledger, and appends the fact that its answer calls for. */
  effect(id: string, wish: EffectWish = {}): EffectAdmission {
    const admission = admitEffect(this.state, this.request(id, wish));
    if ('fact' in admission) this.tell(admission.fact);
    return admission;
  }

  record(id: string, spent: Amounts = {}, outcome: EffectOutcome = valueOutcome, name = 'call'): readonly Decision[] {
    const { visit, effects } = this.node(id);
    const key = effectKey({ node: id, visit, name, occurrence: 1 });
    const { execution } = effects[key] ?? { execution: 1 };
    return this.tell({ type: 'effect.recorded', key, node: id, visit, execution, outcome, spent });
  }

  #completed(id: string, outcome: FactOf<'attempt.completed'>['outcome']): readonly Decision[] {
    const { incarnation } = this.node(id);
    return this.tell({ type: 'attempt.completed', ...this.ref(id), incarnation, outcome });
  }
}

/** Decisions in short: the type, and which node it is about. */
export function inShort(decisions: readonly EventPayload[]): readonly string[] {
  return decisions.map((payload) => {
    if ('node' in payload) return `${payload.type} ${payload.node}`;
    return payload.type === 'route.taken' ? `route.taken ${payload.from} -> ${payload.to}` : payload.type;
  });
}

/** What a snapshot makes of a state. @throws TypeError when it does not parse. */
export function throughSnapshot(state: RunState): RunState {
  const { run, seq } = state;
  const stored = jsonObjectSchema.parse(JSON.parse(canonicalJson(state)));
  const parsed = parseSnapshot({ run, seq, hash: '', schema: STATE_SCHEMA, state: stored });
  if (parsed === undefined) throw new TypeError(`the state at ${seq} does not parse: ${canonicalJson(state)}`);
  return parsed;
}
