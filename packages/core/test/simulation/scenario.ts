import type { AmbiguityPolicy, Amounts, WorkflowInput } from '@vltair/protocol';

/** Everything that a simulation is told before it begins: plain data. */
export interface Scenario {
  readonly workflow: WorkflowInput;
  /** What each agent does, by name. */
  readonly agents: Readonly<Record<string, Script>>;
  /** Rules that stand before calls, by the name of the effect. */
  readonly gate: Readonly<Record<string, Rule>>;
  readonly wishes: readonly Wish[];
  readonly faults: readonly Fault[];
  readonly workers: WorkerSettings;
}

interface WorkerSettings {
  readonly concurrency: number;
  /** Keeps no sleeping run in memory. */
  readonly isWorker: boolean;
  /** How far the wall clocks of workers lie apart, in milliseconds. */
  readonly skews: readonly number[];
}

/** What an agent does, the same in every incarnation of an attempt. */
export interface Script {
  readonly steps: readonly Step[];
  readonly ending: ScriptEnding;
}

export type Step =
  | { readonly do: 'act'; readonly act: Act }
  /** Calls under different names at the same time. */
  | { readonly do: 'together'; readonly acts: readonly Act[] }
  | { readonly do: 'read'; readonly name: string }
  | { readonly do: 'dawdle'; readonly ms: number }
  | { readonly do: 'report' };

/** One effect. */
export interface Act {
  readonly name: string;
  readonly policy: AmbiguityPolicy;
  readonly reserve: Amounts;
  /** What it really takes, beside time. */
  readonly spend: Amounts;
  /** How long it takes, and what the clock allows. */
  readonly takesMs: number;
  readonly totalMs: number;
  /** Attempts in which the world refuses it, from the first on. */
  readonly failsIn: number;
  /** It goes on after its signal was aborted. */
  readonly isStubborn: boolean;
  /** The agent goes on when it fails. */
  readonly isTolerated: boolean;
  /** Another incarnation asks for something else under the same key. */
  readonly diverges: boolean;
}

export interface ScriptEnding {
  /** Attempts that fail before one succeeds. */
  readonly failsIn: number;
  readonly reason: 'transient/agent' | 'fatal/agent';
  /** By visit, the last one for all further visits. */
  readonly signals: readonly [string, ...(readonly string[])];
  readonly flag: boolean;
  /** Items of the list that it gives. */
  readonly items: number;
  /** Tasks that it proposes. */
  readonly tasks: number;
  readonly changes: boolean;
  /** `never`: it returns when its signal is aborted, `stubborn`: some time after that. */
  readonly returns: 'at_once' | 'never' | 'stubborn';
  /** It returns what is no envelope. */
  readonly isGarbage: boolean;
}

/** Succeeds at once and gives nothing to speak of. */
export const plainEnding: ScriptEnding = {
  failsIn: 0,
  reason: 'transient/agent',
  signals: ['success'],
  flag: true,
  items: 0,
  tasks: 0,
  changes: false,
  returns: 'at_once',
  isGarbage: false,
};

export interface Rule {
  readonly verdict: 'allow' | 'ask' | 'deny';
  readonly expiresMs?: number;
  readonly warnBeforeMs?: number;
}

/** What people do by themselves, at about that turn. */
export interface Wish {
  readonly turn: number;
  readonly kind: 'cancel' | 'cancel_branch' | 'pause' | 'resume' | 'signal' | 'retry' | 'rollback' | 'fork' | 'apply';
  /** Which of what there is, counted around. */
  readonly which: number;
  /** How often it is sent under the same id; 0: it is put to a worker directly. */
  readonly sent: number;
}

export const faultKinds = [
  'crash',
  'power_cut',
  'freeze',
  'open_worker',
  'take_over',
  'slow_down',
  'overtake_append',
  'reject_append',
  'lose_append_reply',
  'repeat_append',
  'reject_read',
  'refuse_change',
] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface Fault {
  readonly turn: number;
  readonly kind: FaultKind;
  readonly which: number;
}
