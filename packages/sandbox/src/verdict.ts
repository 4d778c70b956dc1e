/** From what happened to what is said: status, exit code and one stable sentence. Pure. */
import { constants } from 'node:os';
import type { Outcome } from './execution.ts';
import type { SandboxStatus } from './port.ts';
import type { Limits } from './request.ts';

export interface Verdict {
  readonly status: SandboxStatus;
  readonly exitCode: number;
  readonly reason: string;
}

const TIMEOUT_EXIT_CODE = 124;
const KILLED = 128 + constants.signals.SIGKILL;

export function judge(outcome: Outcome, limits: Limits, killOnSocket: boolean): Verdict {
  const { cause } = outcome;
  switch (cause.kind) {
    case 'spawn failed':
      return internalError(`the sandbox could not be started: ${cause.error.message}`);
    case 'timeout':
      return { status: 'TIMEOUT', exitCode: TIMEOUT_EXIT_CODE, reason: 'wall timeout' };
    case 'cancelled':
      return { status: 'CANCELLED', exitCode: KILLED, reason: 'cancelled by the caller' };
    case 'breach':
      return cause.breach.kind === 'memory'
        ? { status: 'MEM_LIMIT', exitCode: KILLED, reason: memoryReason(limits, cause.breach.by) }
        : { status: 'KILLED_KILL', exitCode: KILLED, reason: `more than ${String(limits.processes)} processes` };
    case 'exit':
      return outcome.started
        ? judgeExit(outcome, limits, killOnSocket)
        : internalError(`the sandbox did not start: ${firstLine(outcome.stderr)}`);
  }
}

export function internalError(reason: string): Verdict {
  return { status: 'INTERNAL_ERROR', exitCode: 1, reason };
}

function judgeExit({ code, signal }: Outcome, limits: Limits, killOnSocket: boolean): Verdict {
  const exitCode = signal === null ? (code ?? 1) : 128 + constants.signals[signal];
  if (exitCode === KILLED) return { status: 'KILLED_KILL', exitCode, reason: 'killed by SIGKILL' };
  if (exitCode === 128 + constants.signals.SIGSYS && killOnSocket) {
    return { status: 'SANDBOX_DENIED', exitCode, reason: 'a forbidden system call was made (SIGSYS)' };
  }
  if (exitCode === 128 + constants.signals.SIGXCPU && limits.cpuSeconds !== undefined) {
    return { status: 'TIMEOUT', exitCode: TIMEOUT_EXIT_CODE, reason: `cpu timeout of ${String(limits.cpuSeconds)} s` };
  }
  return { status: 'OK', exitCode, reason: `exit code ${String(exitCode)}` };
}

function memoryReason({ memoryBytes }: Limits, by: 'kernel' | 'supervisor'): string {
  const limit =
    memoryBytes === undefined
      ? 'memory limit of the enclosing control group'
      : `memory limit of ${String(memoryBytes)} bytes`;
  return by === 'supervisor' ? `${limit} (supervised)` : limit;
}

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
