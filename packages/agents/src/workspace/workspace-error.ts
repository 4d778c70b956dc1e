/**
 * What can go wrong below the workspace, as opposed to what it refuses: refusals and conflicts are values.
 *
 * | reason | whose fault | a retry helps |
 * |---|---|---|
 * | `git_missing`, `git_too_old` | operator: git 2.29 or newer is not on PATH | no |
 * | `not_a_directory`, `unreadable`, `unwritable`, `invalid_path`, `missing_tree` | caller | no |
 * | `store_full`, `directory_full`, `store_unwritable` | operator: disk space, permissions | after mending |
 * | `temporary_occupied` | operator: another user owns the clone's name in the temp root | no |
 * | `corrupt` | operator: the object store lost or changed an object | no |
 * | `git_failed` | us | no |
 */
export type WorkspaceErrorReason =
  | 'git_missing'
  | 'git_too_old'
  | 'not_a_directory'
  | 'unreadable'
  | 'unwritable'
  | 'invalid_path'
  | 'missing_tree'
  | 'store_full'
  | 'store_unwritable'
  | 'directory_full'
  | 'temporary_occupied'
  | 'corrupt'
  | 'git_failed';

export class WorkspaceError extends Error {
  override readonly name = 'WorkspaceError';
  readonly reason: WorkspaceErrorReason;
  readonly detail: string;
  /** The file or directory concerned: relative to the tree where one is involved, else absolute. */
  readonly path?: string;

  constructor(reason: WorkspaceErrorReason, detail: string, context: { path?: string; cause?: unknown } = {}) {
    super(`${reason}: ${detail}`, context.cause === undefined ? undefined : { cause: context.cause });
    this.reason = reason;
    this.detail = detail;
    if (context.path !== undefined) this.path = context.path;
  }
}

/** The `code` of a file system error (`ENOENT`), or undefined for anything else. */
export function systemCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** True for the codes that say "nothing is there", also below a path that turned out to be a file. */
export function isAbsent(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
