export type { ChildWait } from './child-waits.ts';
// What reads, replays, verifies and commands runs comes with this module; what runs agents comes with `loadEngine`, so
// that a command that only asks starts without them.
import type * as engine from './engine.ts';

export type {
  ArchivedRun,
  CheckedBackup,
  EventStore,
  RestoredStore,
  RestoreWish,
  OwnerProcess,
  ReplayDifference,
  RunRow,
  RunState,
  RunStatus,
  RuntimeCommand,
  StoreIdentity,
  MovedStore,
} from '@vltair/core';
export { checkBackup, runStatuses } from '@vltair/core';
export { archiveRuns, type ArchiveWish } from './archive-runs.ts';
export { builtInAgents, type AgentCard } from './agent-cards.ts';
export { dataDirectoryOf, findDataDirectory } from './data-directory.ts';
export { environmentVariables, readConfiguration, type Configuration } from './environment.ts';
export { findRun } from './find-run.ts';
export { drawFile, drawRun, graphFormats, type GraphFormat } from './graph/draw.ts';
export { followRun, hasRunEnded, liveOwner } from './follow-run.ts';
export { listRuns, type ListedRun } from './list-runs.ts';
export { openStore, readingStore, requireFileStore, type StoreOptions } from './open-store.ts';
export { rehearse, type Rehearsal, type RehearsalFinding } from './rehearse.ts';
export { findWorkflow, planMigration, type MigrationPlan } from './migrate-run.ts';
export { parseReplayPoint, replayRun, verifyReplayOf, type NodePlace, type Replay } from './replay-run.ts';
export {
  exportRun,
  importRun,
  verifyExportedRun,
  verifyStoredRun,
  type ImportedRun,
  type Verification,
} from './run-export.ts';
export { reportBudget, type BudgetReport } from './run-budget.ts';
export { summariseRun, type RunSummary } from './run-summary.ts';
export { previewPurge, purgeRuns, type Purge, type PurgeRequest } from './purge-runs.ts';
export { purgedLog, summarisePurged, type PurgedEvent, type PurgedSummary } from './purged-run.ts';
export { putCommand, type PutAnswer } from './put-command.ts';
export { fingerprintOf, reportQueue, reportStatus, type QueueReport, type StatusReport } from './store-status.ts';
export type { AttemptSummary, EffectSummary, VisitSummary } from './visit-summary.ts';
export type { Collection } from './retention.ts';
export type { Application, ApplicationOptions } from './application.ts';
export type { Finding } from './doctor.ts';
export type { FailingCase } from './failing-case.ts';
export type { FixReport, FixRequest } from './fix.ts';
export type { FixOutcome, FixSession } from './fix-session.ts';
export type { ForkWish } from './carry-on.ts';
export type { ParkedAnswer } from './resume-run.ts';
export type { RunOutcome } from './run-outcome.ts';
export type { WorkerNotice, WorkerOptions } from './worker.ts';
export type { FileValidation } from './workflow-file.ts';
export type { PlacedProblem } from './workflow-source.ts';
export type { WorkflowSession } from './run-workflow.ts';
export type { RunPlace, RunWatcher, SessionOptions } from './session.ts';

/** Loads what runs agents; the second time costs nothing. */
export async function loadEngine(): Promise<typeof engine> {
  return await import('./engine.ts');
}
