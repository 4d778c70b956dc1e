import { type CommitMeans, groupCommit } from './group-commit.ts';
import type { SqliteDriver } from './sqlite-driver.ts';
import { storeFault } from './sqlite-error.ts';
import type { Work } from './statement.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

/** Commits a group in one transaction with one fsync. One reply for each request, in order; durable when it returns. */
export function commitInFile(
  driver: SqliteDriver,
  requests: readonly WriteRequest[],
  { directory, ...means }: CommitMeans & { readonly directory: string },
): readonly WriteReply[] {
  try {
    return driver.inTransaction(written(requests, means));
  } catch (error) {
    const fault = storeFault(error, directory);
    return requests.map(() => ({ kind: 'failed', ...fault }));
  }
}

function* written(requests: readonly WriteRequest[], means: CommitMeans): Work<readonly WriteReply[]> {
  const { replies, writes } = yield* groupCommit(requests, means);
  yield writes;
  return replies;
}
