export * from './ports/clock.ts';
export * from './ports/event-store.ts';
export { openSqliteStore, type SqliteStoreOptions } from './journal/open-sqlite-store.ts';
export { exportRun } from './journal/export-run.ts';
export { importRun, type ImportedRun, type ImportOptions } from './journal/import-run.ts';
export { ownerOf } from './journal/owner-lock.ts';
export { type ExportVerdict, type RefusedExport, type VerifiedExport, verifyExport } from './journal/verify-export.ts';
export { type CommitsVerdict, type VerifiedCommits, verifyCommits } from './journal/verify-commits.ts';
export { type RefusedRun, type RunVerdict, type VerifiedRun, verifyRun } from './journal/verify-run.ts';
