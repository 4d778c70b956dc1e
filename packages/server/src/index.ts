// What reads, replays, verifies and commands runs comes with this module; what runs agents comes with `loadEngine`, so
// that a command that only asks starts without them.
import type * as engine from './engine.ts';

export type { EventStore, OwnerProcess, ReplayDifference, RunRow, RunState, RunStatus } from '@vltair/core';
export { runStatuses } from '@vltair/core';
export { builtInAgents, type AgentCard } from './agent-cards.ts';
export { dataDirectoryOf, findDataDirectory } from './data-directory.ts';
export { environmentVariables, readConfiguration, type Configuration } from './environment.ts';
export { findRun } from './find-run.ts';
export { followRun, hasRunEnded, isRunResting, liveOwner } from './follow-run.ts';
export { openStore, readingStore, type StoreOptions } from './open-store.ts';
export { parseReplayPoint, replayRun, verifyReplayOf, type NodePlace, type Replay } from './replay-run.ts';
export {
  exportRun,
  importRun,
  verifyExportedRun,
  verifyStoredRun,
  type ImportedRun,
  type Verification,
} from './run-export.ts';
export { summariseRun, type RunSummary } from './run-summary.ts';
export { sendCommand, type CommandAnswer } from './send-command.ts';
export { fingerprintOf, reportQueue, reportStatus, type QueueReport, type StatusReport } from './store-status.ts';
export type { AttemptSummary, EffectSummary, VisitSummary } from './visit-summary.ts';
export type { Application, ApplicationOptions } from './application.ts';
export type { Finding } from './doctor.ts';
export type { FailingCase } from './failing-case.ts';
export type { FixReport, FixRequest } from './fix.ts';
export type { FixOutcome, FixSession } from './fix-session.ts';
export type { ParkedAnswer } from './resume-run.ts';
export type { RunOutcome } from './run-outcome.ts';
export type { WorkflowSession } from './run-workflow.ts';
export type { RunPlace, RunWatcher, SessionOptions } from './session.ts';

/** Loads what runs agents; the second time costs nothing. */
export async function loadEngine(): Promise<typeof engine> {
  return await import('./engine.ts');
}
