import { join } from 'node:path';
import { errorCatalogue, VltairError, type Fault } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { aDirectory } from '../../test/workspace-fixtures.ts';
import { catalogued } from './catalogued.ts';
import { openWorkspace } from './workspace.ts';
import { WorkspaceError, type WorkspaceErrorReason } from './workspace-error.ts';

async function refusalOf(operation: Promise<unknown>): Promise<VltairError> {
  const error: unknown = await catalogued(operation).then(
    () => 'it was accepted',
    (thrown: unknown) => thrown,
  );
  if (error instanceof VltairError) return error;
  throw new Error(String(error));
}

test('what an operation gives comes through', async () => {
  expect(await catalogued(Promise.resolve(3))).toBe(3);
});

test("a failure that is not the workspace's own is left as it is", async () => {
  const bug = new TypeError('bug');
  await expect(catalogued(Promise.reject(bug))).rejects.toBe(bug);
});

describe('failures of a real workspace', () => {
  test('a directory that is not there is the mistake of the caller, with its path', async () => {
    const workspace = await openWorkspace({ dataDirectory: aDirectory() });
    const missing = join(aDirectory(), 'missing');
    expect(await refusalOf(workspace.capture(missing))).toMatchObject({
      reason: 'invalid_argument/not_a_directory',
      where: missing,
      cause: { reason: 'not_a_directory' },
    });
  });

  test('a tree that the store does not have means that the store is damaged', async () => {
    const workspace = await openWorkspace({ dataDirectory: aDirectory() });
    const nowhere = workspace.checkout('0'.repeat(39) + '1', { traceId: 'trace-1' });
    expect(await refusalOf(nowhere)).toMatchObject({ reason: 'unavailable/store_corrupt' });
  });
});

/** Whose fault `workspace-error.ts` says that a reason is, and whether trying again can help. */
const faults: Readonly<Record<WorkspaceErrorReason, readonly [Fault, retryable: boolean]>> = {
  git_missing: ['operator', false],
  git_too_old: ['operator', false],
  git_failed: ['operator', false],
  not_a_directory: ['caller', false],
  unreadable: ['caller', false],
  unwritable: ['operator', false],
  invalid_path: ['caller', false],
  missing_tree: ['operator', false],
  corrupt: ['operator', false],
  store_full: ['operator', true],
  store_unwritable: ['operator', false],
  directory_full: ['operator', true],
  temporary_occupied: ['operator', false],
};

test.each(Object.entries(faults))('%s has its place in the catalogue', async (reason, [fault, retryable]) => {
  const error = await refusalOf(Promise.reject(new WorkspaceError(reason as WorkspaceErrorReason, 'the detail')));
  expect(errorCatalogue[error.reason]).toMatchObject({ fault, retryable });
  expect(error.message).toContain('the detail');
  expect(error.where).toBeUndefined();
});
