export * from './ports/clock.ts';
export * from './ports/event-store.ts';
export * from './ports/agent.ts';
export * from './machine/admit.ts';
export * from './machine/decide.ts';
export * from './machine/evolve.ts';
export * from './machine/pending.ts';
export * from './machine/plan-graph.ts';
export * from './machine/run-state.ts';
export * from './machine/verify-replay.ts';
export * from './runtime/attempt-context.ts';
export * from './runtime/run-log.ts';
export * from './runtime/run-process.ts';
export * from './runtime/runtime.ts';
export * from './runtime/scheduler.ts';
export * from './runtime/verify-replays.ts';
export { openSqliteStore, type SqliteStoreOptions } from './journal/open-sqlite-store.ts';
export { exportRun } from './journal/export-run.ts';
export { importRun, type ImportedRun, type ImportOptions } from './journal/import-run.ts';
export { ownerOf } from './journal/owner-lock.ts';
export { type ExportVerdict, type RefusedExport, type VerifiedExport, verifyExport } from './journal/verify-export.ts';
export { type CommitsVerdict, type VerifiedCommits, verifyCommits } from './journal/verify-commits.ts';
export {
  type RefusedRun,
  type RunVerdict,
  requireVerifiedRun,
  type VerifiedRun,
  verifyRun,
} from './journal/verify-run.ts';
