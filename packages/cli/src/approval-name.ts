import { VltairError } from '@vltair/protocol';
import { findRun, readingStore, summariseRun } from '@vltair/server';
import { storeOf, type CommandContext } from './command-context.ts';

/**
 * The approval that a person means: what is named, else the only one that the run waits for. With several, one has to be
 * named; with none, the machine says why.
 */
export async function approvalNamed(context: CommandContext, id: string, name: string | undefined): Promise<string> {
  if (name !== undefined) return name;
  const { waitingFor, childWaits, run, status } = await readingStore(storeOf(context), async (store) => {
    return await summariseRun(store, (await findRun(store, id)).run);
  });
  const asked = waitingFor.flatMap((wait) => (wait.kind === 'approval' ? [wait.approval] : []));
  const [only, ...others] = asked;
  if (only !== undefined && others.length === 0) return only;
  if (only !== undefined)
    throw new VltairError('invalid_argument/usage', { detail: `${run} waits for several: ${asked.join(', ')}` });
  const below = childWaits.find(({ wait }) => wait.kind === 'approval')?.run;
  if (below !== undefined)
    throw new VltairError('not_found/approval', {
      detail: `${run} waits for its child ${below}, which is asked about`,
    });
  const isOver = status === 'succeeded' || status === 'failed' || status === 'cancelled';
  throw new VltairError(isOver ? 'invalid_argument/run_ended' : 'not_found/approval', { detail: `${run} ${status}` });
}
