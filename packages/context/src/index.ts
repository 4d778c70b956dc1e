export type { ConflictSides, MergeLabels } from './merge/conflict-markers.ts';
export * from './merge/diff-text.ts';
export * from './merge/format-unified-diff.ts';
export { changeSummary, type ChangeSummary } from './merge/line-changes.ts';
export { TEXT_LIMITS } from './merge/line-table.ts';
export * from './merge/merge-code.ts';
export * from './merge/merge-text.ts';
export { PARSE_LIMITS } from './merge/script-problems.ts';
