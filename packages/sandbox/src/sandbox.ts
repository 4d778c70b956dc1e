/** The Linux provider of the sandbox port. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { commandFault } from './command-path.ts';
import { reportVersion2 } from './control-group-parents.ts';
import { reportDiagnostics, type DiagnosticsOptions } from './diagnostics.ts';
import {
  capabilitiesOf,
  enforcementOf,
  missingMechanisms,
  noCapabilities,
  nothingEnforced,
  type Machine,
} from './enforcement.ts';
import { findMachine } from './machine.ts';
import type { Sandbox, SandboxCapabilities, SandboxRequest, SandboxResult } from './port.ts';
import { removeAbandonedDirectories, type Leftovers } from './private-directory.ts';
import { fitPrivileges } from './fit-privileges.ts';
import { acceptRequest, type Order } from './request.ts';
import { killAbandonedProcesses } from './process-tree.ts';
import { runOrder, type RunReport } from './run-order.ts';
import { currentPrivileges } from './privileges.ts';
import type { TierName } from './tiers/launch.ts';
import { isReachable } from './tiers/reachable.ts';
import { internalError, type Verdict } from './verdict.ts';

export interface SandboxOptions {
  /** Uses this tier or none; without it the strongest that works. */
  readonly only?: TierName;
  /** Where private directories are made; /tmp when root's unprivileged user cannot walk there. Default: the system's choice. */
  readonly tempRoot?: string;
  /** Monotonic clock in milliseconds. */
  readonly clock?: () => number;
  /** A process that asks for an internet socket dies and the status is SANDBOX_DENIED. Bubblewrap tier only. */
  readonly killOnSocket?: boolean;
  /** `true` uses version 2 control groups or none, `false` version 1 or none. Default: what works. */
  readonly controlGroupsV2?: boolean;
  readonly diagnostics?: DiagnosticsOptions;
}

export function createSandbox(options: SandboxOptions = {}): Sandbox {
  return new LinuxSandbox(options);
}

class LinuxSandbox implements Sandbox {
  readonly #options: SandboxOptions;
  readonly #tempRoot: string;
  readonly #remainsIn: readonly string[];
  readonly #clock: () => number;
  readonly #killOnSocket: boolean;

  constructor(options: SandboxOptions) {
    this.#options = options;
    this.#tempRoot = usableTempRoot(options.tempRoot ?? tmpdir());
    this.#remainsIn = rootsOf(options.tempRoot);
    this.#clock = options.clock ?? (() => performance.now());
    this.#killOnSocket = options.killOnSocket ?? false;
  }

  async capabilities(): Promise<SandboxCapabilities> {
    try {
      return capabilitiesOf(await this.#findMachine());
    } catch (error) {
      // A person asks this to learn what is wrong: that nothing works is an answer.
      return noCapabilities(error instanceof Error ? error.message : String(error));
    }
  }

  async run(request: SandboxRequest): Promise<SandboxResult> {
    const order = acceptRequest(request);
    const diagnostics = this.#options.diagnostics;
    reportDiagnostics(diagnostics, { event: 'start', traceId: order.traceId, enforceNetwork: order.network === 'off' });
    const result = await this.#withReport(await this.#attempt(order));
    reportDiagnostics(diagnostics, { event: result.status === 'INTERNAL_ERROR' ? 'exception' : 'completed', result });
    return result;
  }

  async #attempt(order: Order): Promise<SandboxResult> {
    const begin = this.#clock();
    let machine: Machine | undefined;
    try {
      const fitted = fitPrivileges(await this.#findMachine(), order);
      machine = fitted;
      const refusal = refuse(order, fitted, this.#killOnSocket);
      if (refusal !== undefined) return resultOf(order, fitted, { verdict: refusal, durationMs: 0 });
      const report = await runOrder(order, {
        machine: fitted,
        tempRoot: this.#tempRoot,
        killOnSocket: this.#killOnSocket,
        clock: this.#clock,
      });
      return resultOf(order, fitted, { verdict: report.verdict, durationMs: report.outcome.durationMs, report });
    } catch (error) {
      // The machine failed us, not the command: the caller gets a result like every other, with the cause in words.
      const verdict = internalError(`the sandbox failed: ${error instanceof Error ? error.message : String(error)}`);
      return resultOf(order, machine, { verdict, durationMs: Math.round(this.#clock() - begin) });
    }
  }

  /** The machine is known by now; where it could not be found, nothing was applied. */
  async #withReport(result: SandboxResult): Promise<SandboxResult> {
    if (this.#options.controlGroupsV2 !== true) return result;
    const machine = await this.#findMachine().catch(() => undefined); // the result says why already
    return { ...result, enforced: { ...result.enforced, cgroupsV2: reportVersion2(machine?.groups) } };
  }

  #findMachine(): Promise<Machine> {
    const { only, controlGroupsV2 } = this.#options;
    const groupVersions =
      controlGroupsV2 === undefined ? ([2, 1] as const) : controlGroupsV2 ? ([2] as const) : ([1] as const);
    return findMachine({ tempRoot: this.#tempRoot, remainsIn: this.#remainsIn, only, groupVersions });
  }
}

/** Ends and removes what processes that were killed left behind, and tells what is still there. */
export async function removeLeftovers(tempRoot?: string): Promise<Leftovers> {
  killAbandonedProcesses();
  return await removeAbandonedDirectories(rootsOf(tempRoot));
}

/** Ours and the caller's: clones of a workspace lie in the system's choice even where commands cannot use it. */
function rootsOf(tempRoot = tmpdir()): readonly string[] {
  return [...new Set([usableTempRoot(tempRoot), tempRoot])];
}

/** The dropped user must be able to walk to private directories, or it could not be shown what lies in them. */
function usableTempRoot(path: string): string {
  const privileges = currentPrivileges();
  return privileges.isRoot && !isReachable(join(path, 'any'), privileges) ? '/tmp' : path;
}

/** Everything that keeps a command from being started, in words. */
function refuse(order: Order, machine: Machine, killOnSocket: boolean): Verdict | undefined {
  if (order.signal?.aborted === true) return { status: 'CANCELLED', exitCode: 137, reason: 'cancelled by the caller' };
  const missing = missingMechanisms(enforcementOf(machine, order));
  if (order.mode === 'strict' && missing.length > 0) return denied(`missing here: ${missing.join(', ')}`);
  if (killOnSocket && !machine.tier.traits.systemCalls)
    return denied('missing here: systemCalls, which killing on a socket needs');
  const fault = commandFault(order, machine.tier.traits.fileView);
  return fault === undefined ? undefined : internalError(fault);
}

const denied = (reason: string): Verdict => ({ status: 'SANDBOX_DENIED', exitCode: 1, reason });

function resultOf(
  order: Order,
  machine: Machine | undefined,
  facts: { verdict: Verdict; durationMs: number; report?: RunReport },
): SandboxResult {
  const { verdict, durationMs, report } = facts;
  const enforced = machine === undefined ? nothingEnforced(order, verdict.reason) : enforcementOf(machine, order);
  const refused = report?.refusedForks ?? 0;
  const processes = { ...enforced.processes, reason: `${enforced.processes.reason}; ${String(refused)} forks refused` };
  return {
    ...verdict,
    durationMs,
    stdout: report?.outcome.stdout ?? '',
    stderr: report?.outcome.stderr ?? '',
    traceId: order.traceId,
    tier: machine?.tier.name ?? 'none',
    enforced: refused > 0 ? { ...enforced, processes } : enforced,
    ...(report?.outcome.termination === undefined ? {} : { termination: report.outcome.termination }),
  };
}
