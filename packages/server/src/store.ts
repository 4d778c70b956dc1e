/** What needs the store alone: reading, replaying, verifying, commanding runs. Loads neither agents nor parsers. */
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
