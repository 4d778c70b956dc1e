import { type MessagePort, parentPort } from 'node:worker_threads';
import { failureOf } from '@vltair/protocol';
import { loadKernel } from '../kernel/load-kernel.ts';
import type { EngineSearch, FromEngine, ToEngine } from './engine-message.ts';
import { TenantIndexes } from './tenant-indexes.ts';

/**
 * The thread that searches (search-engine.ts is its other half): a search takes milliseconds, in which an event loop would
 * do nothing else.
 */
if (parentPort !== null) serve(parentPort);

function serve(port: MessagePort): void {
  const kernel = loadKernel();
  const indexes = new TenantIndexes(kernel === undefined ? {} : { kernel });
  const answer = async (number: number, search: EngineSearch, waitMs: number): Promise<FromEngine> => {
    try {
      return { kind: 'answered', number, answers: await indexes.search(search, waitMs) };
    } catch (error) {
      return { kind: 'failed', number, failure: failureOf(error) };
    }
  };
  const refused = (tenant: string, error: unknown): void =>
    port.postMessage({ kind: 'refused', tenant, failure: failureOf(error) } satisfies FromEngine);
  port.on('message', (message: ToEngine) => {
    if (message.kind === 'apply') return indexes.apply(message.upTo, message.changes, refused);
    if (message.kind === 'search')
      return void answer(message.number, message.search, message.waitMs).then((told) => port.postMessage(told));
    indexes.close();
    port.close();
  });
}
