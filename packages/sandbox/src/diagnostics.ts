/** What a run leaves for a person or for CI beside its result. Silent unless asked. */
import { appendFileSync } from 'node:fs';
import type { SandboxResult } from './port.ts';

export interface DiagnosticsOptions {
  /** File that gets one JSON line per event. */
  readonly file?: string;
  /** Gets the one `[ci-diag]` line of a completed command, for the log of a CI service. */
  readonly printLine?: (line: string) => void;
}

export type DiagnosticsEvent =
  | { readonly event: 'start'; readonly traceId: string; readonly enforceNetwork: boolean }
  | { readonly event: 'completed' | 'exception'; readonly result: SandboxResult };

/** Holds no output, no argument and no variable of the command: nothing secret can get into a build log. */
export function reportDiagnostics(options: DiagnosticsOptions | undefined, event: DiagnosticsEvent): void {
  if (options === undefined) return;
  const facts = event.event === 'start' ? startFacts(event) : resultFacts(event.result);
  if (options.file !== undefined) {
    appendFileSync(options.file, `${JSON.stringify({ event: event.event, at: new Date().toISOString(), ...facts })}\n`);
  }
  if (event.event === 'start') return;
  const words = Object.entries(facts).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  options.printLine?.(`[ci-diag] ${words.join(' ')}`);
}

/** Output of a command as one text, headed by the line that names the run. */
export function combinedOutput(result: SandboxResult): string {
  const head = `[sandbox] traceId=${result.traceId} duration_ms=${String(result.durationMs)} status=${result.status} reason=${JSON.stringify(result.reason)}`;
  return [head, result.stdout, result.stderr].filter((part) => part !== '').join('\n');
}

function startFacts(event: Extract<DiagnosticsEvent, { event: 'start' }>): Record<string, unknown> {
  return { traceId: event.traceId, enforce_network: event.enforceNetwork };
}

function resultFacts(result: SandboxResult): Record<string, unknown> {
  return {
    returncode: result.exitCode,
    timed_out: result.status === 'TIMEOUT',
    status: result.status,
    rc_mapped: result.status === 'TIMEOUT' || result.status === 'INTERNAL_ERROR',
    reason: result.reason,
    duration_ms: result.durationMs,
    traceId: result.traceId,
    tier: result.tier,
    ...(result.termination === undefined ? {} : { termination: result.termination }),
  };
}
