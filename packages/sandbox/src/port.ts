import type { Readable, Writable } from 'node:stream';

/**
 * The sandbox port: how the rest of the product runs a command that it does not trust.
 *
 * A provider runs ONE command to its end and leaves nothing behind: when the promise of {@link Sandbox.run} settles, no
 * process that the command started is alive, whatever it forked, and its private temporary directory is gone.
 */
export interface Sandbox {
  /** What this machine can enforce, found by probes that ran (never by looking for a binary's name). */
  capabilities(): Promise<SandboxCapabilities>;
  /** Runs a command. Resolves for every outcome of the command itself; rejects only when the caller's request is invalid. */
  run(request: SandboxRequest): Promise<SandboxResult>;
}

/** The two ends of a command that runs, and who belongs to it. */
export interface SandboxConversation {
  readonly input: Writable;
  readonly output: Readable;
  /** Living processes of the command, wrappers included. */
  readonly processes: () => number;
}

export interface SandboxRequest {
  /** Program and arguments. No shell is involved unless `argv` names one. */
  readonly argv: readonly [string, ...string[]];
  /** Host directory that the command may write; it is the command's working directory unless `cwd` is given. */
  readonly workDirectory: string;
  /** Working directory below `workDirectory`, relative to it. Default: `.` */
  readonly cwd?: string;
  /** Host paths that the command may read at the same path (toolchains, installed dependencies). Missing ones are skipped. */
  readonly readOnlyPaths?: readonly string[];
  /** The command's whole environment, before the variables that every sandboxed command gets (HOME, TMPDIR, LANG, TZ). */
  readonly environment?: Readonly<Record<string, string>>;
  readonly limits: SandboxLimits;
  /** `off` (default): no network but a private loopback. `on`: the host's network. */
  readonly network?: 'off' | 'on';
  /** `strict` refuses before spawning when a requested mechanism is missing; `best-effort` lists what is degraded. */
  readonly mode?: 'strict' | 'best-effort';
  readonly traceId: string;
  readonly signal?: AbortSignal;
  /**
   * Called once when the command has been started, to speak with it until it ends. Without it standard input is empty and
   * standard output is kept; with it the listener has to read the output, and the result holds none.
   */
  readonly converse?: (conversation: SandboxConversation) => void;
}

export interface SandboxLimits {
  /** Wall-clock bound in milliseconds, measured on the monotonic clock. */
  readonly wallTimeMs: number;
  /** Memory of the whole process tree in bytes, private temporary files included. Default: no limit. */
  readonly memoryBytes?: number;
  /** Processes and threads of the whole tree. Default: 1024. */
  readonly processes?: number;
  /** CPU seconds of a single process. */
  readonly cpuSeconds?: number;
  /** Largest single file that the command may write, in bytes. Default: 1 GiB. */
  readonly fileBytes?: number;
  /** Bytes kept of stdout and of stderr each, 1 MiB by default; the rest is drained and replaced by `[TRUNCATED at N bytes]`. */
  readonly outputBytes?: number;
}

export type SandboxStatus =
  'OK' | 'TIMEOUT' | 'MEM_LIMIT' | 'KILLED_KILL' | 'SANDBOX_DENIED' | 'INTERNAL_ERROR' | 'CANCELLED';

export interface SandboxResult {
  /** `OK` also for a command that ended by itself with a non-zero `exitCode`: that is the command's verdict, not ours. */
  readonly status: SandboxStatus;
  /** The command's exit code; 124 on `TIMEOUT`, 128 + n after signal n, 1 on `INTERNAL_ERROR`. */
  readonly exitCode: number;
  /** One stable sentence: `exit code 2`, `wall timeout`, `memory limit of 268435456 bytes`. */
  readonly reason: string;
  readonly durationMs: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly traceId: string;
  /** Tier that ran the command, as in {@link SandboxCapabilities.tier}. */
  readonly tier: string;
  readonly enforced: Enforcement;
  /** Set when we ended the command: how long terminate, wait and kill took, their bound, and what was sent. */
  readonly termination?: { readonly elapsedMs: number; readonly boundMs: number; readonly note: string };
}

/** What was asked for and what held, mechanism by mechanism. */
export type Enforcement = Readonly<Record<Mechanism, { requested: boolean; applied: boolean; reason: string }>> & {
  /** Present when version 2 control groups were asked for: whether they could be used here, and were. */
  readonly cgroupsV2?: ControlGroupReport;
};

export interface ControlGroupReport {
  readonly enabledEnv: true;
  readonly detected: boolean;
  readonly applied: boolean;
  readonly reason: string;
}

export type Mechanism =
  'filesystem' | 'network' | 'processTree' | 'memory' | 'processes' | 'privileges' | 'systemCalls';

export interface SandboxCapabilities {
  /** The strongest tier that works here, e.g. `bubblewrap`, `namespaces`, `process-group`. */
  readonly tier: string;
  /** What of that tier works here: `full`, or the part that it does without. */
  readonly variant: string;
  readonly mechanisms: Readonly<Record<Mechanism, { available: boolean; how: string; reason: string }>>;
  /** Whether limits are the kernel's, and why not. */
  readonly controlGroups: { readonly detected: boolean; readonly version?: 1 | 2; readonly reason: string };
  /** Stronger tiers that were tried, with what kept them from working. */
  readonly passedOver: readonly { readonly tier: string; readonly reason: string }[];
  /** What a person should install or allow for the strongest tier; empty when nothing is missing. */
  readonly advice: readonly string[];
}
