export * from './ports/clock.ts';
export * from './ports/event-store.ts';
export { openSqliteStore, type SqliteStoreOptions } from './journal/open-sqlite-store.ts';
