import { VltairError, type ErrorReason } from '@vltair/protocol';
import { WorkspaceError, type WorkspaceErrorReason } from './workspace-error.ts';

const REASONS: Readonly<Record<WorkspaceErrorReason, ErrorReason>> = {
  git_missing: 'unavailable/git',
  git_too_old: 'unavailable/git',
  git_failed: 'unavailable/git',
  not_a_directory: 'invalid_argument/not_a_directory',
  unreadable: 'invalid_argument/unreadable',
  unwritable: 'unavailable/directory_read_only',
  invalid_path: 'invalid_argument/path_outside',
  missing_tree: 'unavailable/store_corrupt',
  corrupt: 'unavailable/store_corrupt',
  store_full: 'unavailable/store_full',
  store_unwritable: 'unavailable/store_read_only',
  directory_full: 'unavailable/disk_full',
  temporary_occupied: 'unavailable/temporary_directory',
};

/** A workspace operation whose failures come from the error catalogue. */
export async function catalogued<T>(operation: Promise<T>): Promise<T> {
  try {
    return await operation;
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    const where = error.path === undefined ? {} : { where: error.path };
    throw new VltairError(REASONS[error.reason], { detail: error.detail, ...where, cause: error });
  }
}
