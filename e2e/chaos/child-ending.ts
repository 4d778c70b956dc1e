import { flushCompileCache } from 'node:module';
import { VltairError } from '../../packages/protocol/src/index.ts';

/** A child ends with it when the store is not there for the moment: it is started again (EX_TEMPFAIL). */
export const EX_TEMPFAIL = 75;

/**
 * The life of a child process: it ends when its work does, when its parent is gone, and with {@link EX_TEMPFAIL} for what
 * the catalogue calls unavailable. Anything else that is thrown is a fault of the product and ends it loudly.
 */
export async function endingWell(work: () => Promise<void>): Promise<void> {
  process.once('disconnect', () => process.exit(0));
  flushCompileCache(); // a child that is killed has no other moment to, and the next one starts the sooner
  try {
    await work();
    process.exit(0);
  } catch (error) {
    if (!isPassing(error)) throw error;
    process.stderr.write(`ends for now: ${error.message}\n`);
    process.exit(EX_TEMPFAIL);
  }
}

export function isPassing(error: unknown): error is VltairError {
  return error instanceof VltairError && /^(unavailable\/|not_found\/store$)/.test(error.reason);
}
