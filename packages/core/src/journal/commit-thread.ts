import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { VltairError } from '@vltair/protocol';
import type { Committer } from './committer.ts';
import type { FromWriter, ToWriter, WriterData } from './journal-writer.ts';
import type { WriteReply, WriteRequest } from './write-request.ts';

/**
 * Node strips types with WebAssembly, in every thread that loads a source. V8 then makes quicker wrappers for its
 * functions after a thousand calls, and now and then frees the code of one that another thread still uses: the process
 * ends with SIGSEGV in `TierUpWasmToJSWrapper`. Without quicker wrappers nothing is freed. See nodejs/node#64500.
 */
setFlagsFromString('--wasm-wrapper-tiering-budget=2000000000');

const MOST_IN_A_TURN = 32;

interface Waiting {
  readonly resolve: (reply: WriteReply) => void;
  readonly reject: (error: VltairError) => void;
}

/**
 * The calling thread's half of the thread that commits (journal-writer.ts). The thread keeps the process alive only
 * while somebody waits for it: a store that nobody closes does not hang its process.
 */
export class CommitThread implements Committer {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  /** Replies that nobody has been told yet. */
  readonly #arrived: WriteReply[] = [];
  readonly #ended: Promise<void>;
  #outgoing: WriteRequest[] = [];
  #lost: VltairError | undefined;
  #isClosing = false;

  constructor(data: WriterData) {
    this.#worker = new Worker(new URL('./journal-writer.ts', import.meta.url), { workerData: data, execArgv: [] });
    this.#worker.on('message', (replies: FromWriter) => this.#take(replies));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#lose(undefined);
        resolve();
      });
    });
    this.#worker.unref();
  }

  commit(request: WriteRequest): Promise<WriteReply> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      this.#worker.ref();
      this.#outgoing.push(request);
      if (this.#outgoing.length === 1) queueMicrotask(() => this.#flush());
    });
  }

  async close(): Promise<void> {
    if (this.#lost === undefined && !this.#isClosing) {
      this.#flush();
      this.#isClosing = true;
      this.#worker.ref();
      this.#post({ kind: 'close' });
    }
    await this.#ended;
  }

  /** What one turn of the event loop has asked for travels as one message. */
  #flush(): void {
    const requests = this.#outgoing;
    this.#outgoing = [];
    if (requests.length > 0 && this.#lost === undefined) this.#post({ kind: 'requests', requests });
  }

  #post(message: ToWriter): void {
    this.#worker.postMessage(message);
  }

  #take(replies: FromWriter): void {
    if (this.#arrived.push(...replies) === replies.length) this.#settle(MOST_IN_A_TURN);
  }

  /** Much follows from a reply: whoever else waits for the event loop has its turn after some of them. */
  #settle(most: number): void {
    for (const reply of this.#arrived.splice(0, most)) this.#waiting.shift()?.resolve(reply);
    if (this.#arrived.length > 0) setImmediate(() => this.#settle(most));
    if (this.#waiting.length === 0 && !this.#isClosing) this.#worker.unref();
  }

  #lose(cause: unknown): void {
    this.#settle(this.#arrived.length);
    this.#lost ??= new VltairError('unavailable/store_failed', { detail: 'the thread that commits has ended', cause });
    for (const waiting of this.#waiting.splice(0)) waiting.reject(this.#lost);
  }
}
