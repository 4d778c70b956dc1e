import type { AgentAction, NodeState, RunState, RunStatus, RuntimeCommand } from '@vltair/core';
import {
  VltairError,
  type Amounts,
  type EventPayload,
  type EventType,
  type Failure,
  type Json,
  type JsonObject,
  type RunEvent,
} from '@vltair/protocol';
import type { TimeSpan } from './agent-script.ts';
import type { Files, MemoryTrees } from './memory-trees.ts';
import { millisecondsOf, type AgentCall } from './scripted-agents.ts';
import type { TestWorld, Waiting } from './test-world.ts';

/** A time: a date, its ISO text, or milliseconds since 1970. */
export type Time = Date | string | number;

/** Who acts, where a test does not say. */
const SOMEBODY = 'somebody';

export interface By {
  /** Default: `somebody`. */
  readonly by?: string;
}

/** What a node has come to. */
export interface NodeView {
  readonly status: NodeState['status'];
  readonly visit: number;
  readonly attempt: number;
  /** Of its last visit that gave something. */
  readonly signal: string | undefined;
  readonly output: JsonObject | undefined;
  readonly failure: Failure | undefined;
}

/**
 * A run in a test. Nothing moves between two calls: time stands until the test lets it pass, and every call returns when
 * all has followed that follows at once. A call throws `invalid_argument/test_script` when the test itself is wrong, for
 * instance where an agent has no script.
 */
export class TestRun implements AsyncDisposable {
  /** Equal in every test with the same seed and start time. */
  readonly id: string;
  readonly #world: TestWorld;
  readonly #trees: MemoryTrees;

  constructor(id: string, world: TestWorld, trees: MemoryTrees) {
    this.id = id;
    this.#world = world;
    this.#trees = trees;
  }

  // --- what the run has come to

  get status(): RunStatus {
    return this.state.status;
  }

  /** What the run gave; `undefined` before its end and for a workflow without `output`. */
  get output(): JsonObject | undefined {
    return this.state.output;
  }

  get failure(): Failure | undefined {
    return this.state.failure;
  }

  /** All that the machine knows of the run. */
  get state(): RunState {
    return this.#world.stateOf(this.id);
  }

  /** The runs below this one, in the order in which they began. */
  get children(): readonly RunState[] {
    return this.#world.states.filter(({ run }) => run !== this.id);
  }

  /** What the run, and those below it, wait for people or time to bring. */
  get waitingFor(): readonly Waiting[] {
    return this.#world.waits;
  }

  /** The workspace as the run has left it: contents by path. */
  get files(): Files {
    return this.#trees.filesOf(this.state.tree);
  }

  /** Milliseconds since 1970 on the clock of the test. */
  get now(): number {
    return this.#world.clock.now();
  }

  /** @throws VltairError `not_found/node` */
  node(path: string): NodeView {
    const { nodes } = this.state;
    const node = Object.hasOwn(nodes, path) ? nodes[path] : undefined;
    if (node === undefined) throw new VltairError('not_found/node', { detail: path, where: this.id });
    const { status, visit, attempt, result, failure } = node;
    return { status, visit, attempt, signal: result?.signal, output: result?.output, failure };
  }

  /** The log of the run. */
  get events(): readonly RunEvent[] {
    return this.#world.events.filter(({ run }) => run === this.id);
  }

  /** What the events of a type say, in order. */
  eventsOf<T extends EventType>(type: T): readonly Extract<EventPayload, { readonly type: T }>[] {
    const isOfType = (payload: EventPayload): payload is Extract<EventPayload, { readonly type: T }> =>
      payload.type === type;
    return this.events.map(({ payload }) => payload).filter(isOfType);
  }

  /** What an agent was given: by name, by `agent/action`, or by the action that the workflow was defined with. */
  calls<Input>(action: AgentAction<Input, unknown, string>): readonly AgentCall<Input>[];
  calls(agent?: string): readonly AgentCall[];
  calls(which: string | AgentAction<unknown, unknown, string> = ''): readonly AgentCall<unknown>[] {
    const name = typeof which === 'string' ? which : `${which.agent}/${which.action}`;
    return this.#world.agents.calls.filter(
      ({ agent, action }) => name === '' || name === agent || name === `${agent}/${action}`,
    );
  }

  // --- time

  /**
   * Lets time pass until the run has ended, or only people can bring it on. Sleeps, retries and deadlines pass at
   * once; what people are asked for does not expire: {@link TestRun.advance} lets it.
   *
   * @throws VltairError `invalid_argument/test_script` when the run would hang for ever.
   */
  async runUntilRest(): Promise<RunStatus> {
    await this.#world.settle();
    while (!this.#world.isAtRest(this.id)) {
      const due = this.#world.nextDue();
      const expiry = this.#world.nextExpiry() ?? Number.POSITIVE_INFINITY;
      if (due === undefined || due >= expiry) {
        if (this.waitingFor.some(({ kind }) => kind !== 'sleep')) break;
        throw new VltairError('invalid_argument/test_script', { detail: this.#describeHang() });
      }
      await this.#world.leapTo(due);
    }
    return this.status;
  }

  /** Lets that much time pass, with all that falls due in it, whatever the run waits for. */
  async advance(span: TimeSpan): Promise<RunStatus> {
    return await this.advanceTo(this.now + millisecondsOf(span));
  }

  /** The same, until a time. @throws VltairError `invalid_argument/test_script` for one that is past. */
  async advanceTo(time: Time): Promise<RunStatus> {
    const end = timeOf(time);
    if (end < this.now)
      throw new VltairError('invalid_argument/test_script', { detail: `${new Date(end).toISOString()} is past` });
    await this.#world.settle();
    for (let due = this.#world.nextDue(); due !== undefined && due <= end; due = this.#world.nextDue())
      await this.#world.leapTo(due);
    await this.#world.leapTo(end);
    return this.status;
  }

  // --- what people do; each goes through the inbox, and throws the VltairError that it is refused with

  /** Says yes to what a node asks, or to an approval by its id. */
  async approve(node: string, { by = SOMEBODY, comment }: By & { readonly comment?: string } = {}): Promise<void> {
    const words = comment === undefined ? {} : { comment };
    await this.#world.put(this.#asking(node), { type: 'approve', by, approval: node, ...words });
  }

  async reject(node: string, { by = SOMEBODY, reason = 'no' }: By & { readonly reason?: string } = {}): Promise<void> {
    await this.#world.put(this.#asking(node), { type: 'reject', by, approval: node, reason });
  }

  /** Sends a message. A run keeps one that no node waits for yet. */
  async signal(name: string, data: Json = {}, { by = SOMEBODY }: By = {}): Promise<void> {
    const taker = this.waitingFor.find((wait) => wait.kind === 'signal' && wait.name === name);
    await this.#world.put(taker?.run ?? this.id, { type: 'signal', by, name, data });
  }

  /** Cancels the run, or the branch that begins with a node. */
  async cancel({
    by = SOMEBODY,
    reason = 'enough',
    node,
  }: By & { readonly reason?: string; readonly node?: string } = {}): Promise<void> {
    await this.command({ type: 'cancel', by, reason, ...(node === undefined ? {} : { node }) });
  }

  async pause({ by = SOMEBODY, reason = 'wait' }: By & { readonly reason?: string } = {}): Promise<void> {
    await this.command({ type: 'pause', by, reason });
  }

  async resume({ by = SOMEBODY }: By = {}): Promise<void> {
    await this.command({ type: 'resume', by });
  }

  /** Takes a failed run up again, with more to spend if it is granted. */
  async retry({ by = SOMEBODY, grant }: By & { readonly grant?: Amounts } = {}): Promise<void> {
    await this.command({ type: 'retry', by, ...(grant === undefined ? {} : { grant }) });
  }

  /** Answers for a parked call of a node: it may run again, or counts as failed. @throws VltairError `not_found/parked_effect` */
  async resolve(node: string, resolution: 'retry' | 'fail', { by = SOMEBODY }: By = {}): Promise<void> {
    const parked = this.waitingFor.find((wait) => wait.kind === 'parked_effect' && wait.node === node);
    if (parked?.kind !== 'parked_effect') throw new VltairError('not_found/parked_effect', { detail: node });
    await this.#world.put(parked.run, { type: 'resolve', by, key: parked.key, resolution });
  }

  /** Any command that can be put to a run. */
  async command(command: RuntimeCommand): Promise<void> {
    await this.#world.put(this.id, command);
  }

  /**
   * The process dies here, with whatever its agents have in hand, and another one takes the run over from its log.
   * Calls that were recorded answer from there; a call that may have happened is parked.
   */
  async crash(): Promise<void> {
    await this.#world.crash(this.id);
  }

  /** Replays every log through the code. @throws VltairError `internal/replay_differs` where a decision would be another one. */
  async expectVerified(): Promise<void> {
    const differing = Object.entries(await this.#world.replayDifferences());
    const [first] = differing;
    if (first === undefined) return;
    const [run, differences] = first;
    const detail = `${run}, event ${differences[0]?.seq}: ${JSON.stringify(differences[0])}`;
    throw new VltairError('internal/replay_differs', { detail });
  }

  /** Ends what is in flight. A test that forgets it leaks memory, nothing else. */
  async close(): Promise<void> {
    await this.#world.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** The run whose approval is meant; this one where none is. */
  #asking(node: string): string {
    const asks = (wait: Waiting): boolean => wait.kind === 'approval' && (wait.node === node || wait.approval === node);
    return this.waitingFor.find(asks)?.run ?? this.id;
  }

  #describeHang(): string {
    const [flight] = [...this.#world.agents.flights];
    return flight === undefined
      ? `nothing will ever bring ${this.id} on`
      : `nothing will ever bring the run on: ${flight.agent} of node ${flight.node} hangs, and has no timeout`;
  }
}

/** @throws VltairError `invalid_argument/test_script` for what is no time. */
export function timeOf(time: Time): number {
  const milliseconds = new Date(time).getTime();
  if (Number.isNaN(milliseconds))
    throw new VltairError('invalid_argument/test_script', { detail: `${String(time)} is no time` });
  return milliseconds;
}
