import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { randomSalt } from './group-commit.ts';
import { readStoreKey } from './signing-key.ts';
import { commitInFile } from './sqlite-commit.ts';
import { SqliteDriver } from './sqlite-driver.ts';
import { openWriting } from './sqlite-file.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

/**
 * The thread that commits (see commit-thread.ts, its other half): a SQLite commit blocks its thread for an fsync. It
 * takes whatever has arrived while it was committing into the next group.
 */
export interface WriterData {
  readonly directory: string;
}
export type ToWriter =
  { readonly kind: 'requests'; readonly requests: readonly WriteRequest[] } | { readonly kind: 'close' };
/** The replies of one group, in the order of its requests. */
export type FromWriter = readonly WriteReply[];

/** More requests than this make the first of them wait too long for its reply. */
const GROUP_LIMIT = 128;

const writerDataSchema = z.strictObject({ directory: z.string() });

if (parentPort !== null) serve(parentPort, writerDataSchema.parse(workerData));

function serve(port: MessagePort, { directory }: WriterData): void {
  const database = openWriting(directory);
  const driver = new SqliteDriver(database);
  const means = { directory, key: readStoreKey(directory), salt: randomSalt };
  const queue: WriteRequest[] = [];
  let isClosing = false;

  const take = (message: ToWriter): void => {
    if (message.kind === 'close') isClosing = true;
    else queue.push(...message.requests);
  };
  port.on('message', (message: ToWriter) => {
    take(message);
    while (queue.length > 0) {
      takeArrived(port, take);
      port.postMessage(commitInFile(driver, queue.splice(0, GROUP_LIMIT), means) satisfies FromWriter);
    }
    if (!isClosing) return;
    database.close();
    port.close();
  });
}

/** Messages that wait at the port, without going back to the event loop for each. */
function takeArrived(port: MessagePort, take: (message: ToWriter) => void): void {
  for (let arrived = receiveMessageOnPort(port); arrived !== undefined; arrived = receiveMessageOnPort(port)) {
    take(arrived.message as ToWriter);
  }
}
