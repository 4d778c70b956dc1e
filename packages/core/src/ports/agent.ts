import type {
  AgentError,
  AgentResult,
  AgentTask,
  AmbiguityPolicy,
  Amounts,
  DocumentChange,
  Failure,
  Json,
  JsonObject,
} from '@vltair/protocol';

/** Code that does a node's work. A plain object; it proposes, and acts on the world only through its context. */
export interface Agent {
  readonly name: string;
  /** Changes whenever the agent's behaviour does; part of the run's manifest. */
  readonly version: string;
  readonly description: string;
  /** Checks the payload of a task, by action. An action that is missing here is refused; without any, nothing is checked. */
  readonly validators?: ReadonlyMap<string, PayloadValidator>;
  /** What its actions take and give, for the validation of workflows; no part of its identity. */
  readonly actions?: Readonly<Record<string, ActionSchemas>>;
  run(task: AgentTask, context: AgentContext): Promise<AgentResult | AgentError>;
}

/** JSON Schemas of what one action of an agent takes and gives. */
export interface ActionSchemas {
  readonly input: JsonObject;
  readonly output: JsonObject;
  /** The signals that it may give; absent: any. */
  readonly signals?: readonly string[];
}

/** All that an attempt has of the outside. */
export interface AgentContext {
  readonly run: string;
  readonly node: string;
  readonly visit: number;
  readonly attempt: number;
  /** Counts executions of this attempt: 2 is the first one after a crash. */
  readonly incarnation: number;
  readonly traceId: string;
  /** The workspace tree that the attempt works from; the same for every incarnation. */
  readonly tree: string | undefined;
  /** Aborted when the attempt has to stop: give up and return soon. */
  readonly signal: AbortSignal;

  /**
   * One act on the world. A recorded effect of the same name and occurrence answers from the ledger and does not run
   * again; concurrent effects need different names.
   *
   * @throws BudgetExceeded when its reservation does not fit; VltairError with the recorded failure when the call failed.
   *   Never settles when the attempt has been suspended (parked, diverged, taken over).
   */
  effect<T extends Json>(spec: EffectSpec, call: (call: EffectCall) => Promise<T>): Promise<T>;
  /** The time, recorded: every incarnation reads the same. */
  now(name: string): Promise<number>;
  /** For people who watch; lossy, without effect on anything. */
  progress(progress: Progress): void;
}

export interface EffectSpec {
  /** Explicit and stable: part of the effect's key. */
  readonly name: string;
  /** What distinguishes the call; its digest is compared when the same key comes again. */
  readonly arguments: Json;
  /** One line for people. */
  readonly summary: string;
  readonly policy: AmbiguityPolicy;
  /** Upper bounds of what the call may take; `timeMs` defaults to the total clock. */
  readonly reserve?: Amounts;
  readonly clocks: EffectClocks;
}

/** Bounds in milliseconds on the monotonic clock. */
export interface EffectClocks {
  readonly total: number;
  /** Until the first {@link EffectCall.frame}. */
  readonly firstFrame?: number;
  /** Between two frames. */
  readonly betweenFrames?: number;
}

export interface EffectCall {
  /** Aborted by a clock, or when the attempt has to stop. */
  readonly signal: AbortSignal;
  /** Equal for every execution of the same effect; for remote services that accept one. */
  readonly idempotencyKey: string;
  /** Something arrived. */
  frame(): void;
  /** What the call really took, where it is less (or more) than was reserved; time is measured. */
  spend(amounts: Omit<Amounts, 'timeMs'>): void;
  /** Adds tokens that were really used, by a model (`llm`) or by a tool. @throws RangeError for what is no whole number from 0 up. */
  recordTokens(count: number, kind: 'llm' | 'tool'): void;
}

export interface Progress {
  readonly message: string;
  readonly done?: number;
  readonly total?: number;
}

/** @throws VltairError `invalid_argument/agent_input`, naming the field. */
export type PayloadValidator = (task: AgentTask) => void;

/** Runs agents; the runtime knows them by name only. */
export interface Invoker {
  has(agent: string): boolean;
  invoke(task: AgentTask, context: AgentContext): Promise<AgentResult | AgentError>;
}

/** Applies proposed changes to the run's workspace. */
export interface WorkspacePort {
  /** The tree with the change; durable when it resolves. Never touches the user's own files. */
  apply(tree: string, change: DocumentChange): Promise<WorkspaceOutcome>;
}

export type WorkspaceOutcome =
  { readonly kind: 'applied'; readonly tree: string } | { readonly kind: 'refused'; readonly failure: Failure };
