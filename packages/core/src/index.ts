export * from './ports/clock.ts';
export * from './ports/event-store.ts';
export * from './ports/gate.ts';
export * from './ports/leases.ts';
export * from './ports/agent.ts';
export * from './machine/admit-effect.ts';
export * from './machine/admit.ts';
export * from './machine/behaviour-flags.ts';
export * from './machine/budget-history.ts';
export * from './machine/carry.ts';
export { waitsOf } from './machine/conclude-pause.ts';
export * from './machine/decide.ts';
export * from './machine/effect-key.ts';
export * from './machine/evolve.ts';
export { type MigrationChanges, migrationChanges } from './machine/migrate.ts';
export * from './machine/pending.ts';
export * from './machine/pinned.ts';
export * from './machine/plan-graph.ts';
export * from './machine/run-state.ts';
export * from './machine/verify-replay.ts';
export * from './runtime/attempt-context.ts';
export type { AppliedTree, Errand } from './runtime/errand.ts';
export { isWithAnother } from './runtime/refusal.ts';
export { awaitedChildren, isResting } from './runtime/resting.ts';
export { makeManifest } from './runtime/manifest.ts';
export { Rounds } from './runtime/rounds.ts';
export * from './runtime/run-log.ts';
export * from './runtime/run-process.ts';
export * from './runtime/runtime.ts';
export type { RuntimeCommand } from './runtime/runtime-command.ts';
export * from './runtime/scheduler.ts';
export * from './runtime/start-request.ts';
export type { FullLinePolicy, WaitingLineOptions } from './runtime/waiting-line.ts';
export * from './runtime/verify-replays.ts';
export * from './workflow/define-workflow.ts';
export { cel, text, type Handle, type Template, type Templated } from './workflow/template-handle.ts';
export { type KnownAgent, type WorkflowProblem } from './workflow/workflow-problem.ts';
export { type Validation, validateWorkflow, type ValidationOptions } from './workflow/validate-workflow.ts';
export { type DatabaseServer, examineDatabase } from './journal/examine-database.ts';
export { openPostgresStore, type PostgresStoreOptions } from './journal/open-postgres-store.ts';
export { describeAddress as describeDatabase } from './journal/postgres-connection.ts';
export { openSqliteStore, type SqliteStoreOptions } from './journal/open-sqlite-store.ts';
export { exportRun } from './journal/export-run.ts';
export { importRun, type ImportedRun, type ImportOptions } from './journal/import-run.ts';
export { isOwned, ownerOf } from './journal/owner-lock.ts';
export { type ExportVerdict, type RefusedExport, type VerifiedExport, verifyExport } from './journal/verify-export.ts';
export { type CommitsVerdict, type VerifiedCommits, verifyCommits } from './journal/verify-commits.ts';
export {
  type RefusedRun,
  type RunVerdict,
  requireVerifiedRun,
  type VerifiedRun,
  verifyRun,
} from './journal/verify-run.ts';
export { MemoryJournal } from './simulation/memory-journal.ts';
export { VirtualClock } from './simulation/virtual-clock.ts';
export { type ArchivedRun, Archiver } from './retention/archive-run.ts';
export { type CheckedBackup, checkBackup } from './retention/backup-manifest.ts';
export { backupStore, type BackupWish } from './retention/backup-store.ts';
export {
  type CompactedStore,
  compactStore,
  countLeftovers,
  digestsIn,
  type Leftovers,
  whileOwning,
} from './retention/compact-store.ts';
export { abortMove, type MovedStore, moveStore, type MoveWish } from './retention/move-store.ts';
export { countPayloads, purgeableRow, type PurgedRun, purgeRun } from './retention/purge-run.ts';
export { type RestoredStore, restoreStore, type RestoreWish } from './retention/restore-store.ts';
