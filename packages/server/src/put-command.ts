import { askHere, askOwner, entryOf, type Wish } from './ask-owner.ts';
import type { SessionOptions } from './session.ts';
import { whereverOwned } from './wherever-owned.ts';

/** `accepted`: it is a fact of the run now. `pending`: the owner has not looked at it yet; it stays in the inbox. */
export type PutAnswer = { readonly kind: 'accepted' } | { readonly kind: 'pending' };

/** How long the owner of a store may take to answer. */
const ANSWER_PATIENCE_MS = 5_000;

/**
 * Puts a command to a run, wherever the run's owner is. Nobody owns the store: the run is claimed, the command applied
 * and the run released, and nothing of it begins to work but what has to follow a cancellation. Another process does: it is asked through the inbox, and
 * should it die before it has answered, this process takes over at once. The command is applied once in every case.
 *
 * @throws VltairError with the catalogued reason of a refusal, whoever refused; `cancelled/interrupted`.
 */
export async function putCommand(
  session: SessionOptions,
  run: string,
  command: Wish,
  patienceMs = ANSWER_PATIENCE_MS,
): Promise<PutAnswer> {
  const entry = entryOf(run, command);
  return await whereverOwned<PutAnswer>(endsRun(command) ? session : { ...session, concurrency: 0 }, {
    here: async (app) => {
      await askHere(app, entry);
      if (endsRun(command)) await app.runtime.rest(run);
      return { kind: 'accepted' };
    },
    run: () => run,
    elsewhere: async (guest) => {
      const answer = await askOwner(guest, entry, { signal: session.signal, patienceMs });
      if (answer === 'left') return answer;
      return { kind: answer === 'done' ? 'accepted' : answer };
    },
  });
}

/** Its end is waited for: compensations and cleanup belong to it. */
function endsRun(command: Wish): boolean {
  return command.type === 'cancel' && command.node === undefined;
}
