import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { VltairError, type Failure } from '@vltair/protocol';
import type { Answer } from '../index/search-index.ts';
import type { EngineSearch, FromEngine, TenantChange, ToEngine } from './engine-message.ts';

/** Node strips the types of sources with WebAssembly in every thread, whose quicker wrappers V8 may free while another one uses them (nodejs/node#64500). */
setFlagsFromString('--wasm-wrapper-tiering-budget=2000000000');

/** How long a search waits for the position that it names. */
const WAIT_MS = 10_000;
/** What a timer can wait. */
const MOST_WAIT_MS = 2 ** 31 - 1;

interface Asked {
  readonly resolve: (answers: readonly Answer[]) => void;
  readonly reject: (error: VltairError) => void;
}

/**
 * The calling thread's half of the thread that searches (engine-thread.ts). That one keeps the process alive only while
 * somebody waits for an answer.
 */
export class SearchEngine {
  readonly #worker: Worker;
  readonly #asked = new Map<number, Asked>();
  readonly #ended: Promise<void>;
  readonly #warn: (warning: string) => void;
  #number = 0;
  #lost: VltairError | undefined;

  /** `onWarning` hears, as a sentence, of a change that could not be taken in. */
  constructor(onWarning: (warning: string) => void) {
    this.#warn = onWarning;
    this.#worker = new Worker(new URL('./engine-thread.ts', import.meta.url), { execArgv: [] });
    this.#worker.on('message', (message: FromEngine) => this.#take(message));
    this.#worker.on('error', (error) => this.#lose(error));
    this.#ended = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        this.#lose(undefined);
        resolve();
      });
    });
    this.#worker.unref();
  }

  /** Takes in what has changed up to a position of the store, in the order of positions. Searches that follow see it. */
  apply(upTo: number, changes: readonly TenantChange[]): void {
    this.#tell({ kind: 'apply', upTo, changes });
  }

  /**
   * Resolves with the answers, best first. A search at a position that has not been taken in waits for it.
   *
   * @throws VltairError `unavailable/index_behind` when it does not come in time, and what the search is refused for
   */
  search(search: EngineSearch, waitMs = WAIT_MS): Promise<readonly Answer[]> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    return new Promise((resolve, reject) => {
      this.#number += 1;
      this.#tell({ kind: 'search', number: this.#number, search, waitMs: Math.min(waitMs, MOST_WAIT_MS) });
      this.#asked.set(this.#number, { resolve, reject });
      this.#worker.ref();
    });
  }

  /** Resolves when the thread has ended; whoever still waits for an answer is told so. */
  async close(): Promise<void> {
    this.#lost ??= new VltairError('unavailable/shutting_down');
    this.#worker.ref();
    this.#tell({ kind: 'close' });
    await this.#ended;
  }

  #tell(message: ToEngine): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromEngine): void {
    if (message.kind === 'refused')
      return this.#warn(`a document of ${message.tenant} is not found: ${message.failure.message}`);
    const asked = this.#asked.get(message.number);
    this.#asked.delete(message.number);
    if (this.#asked.size === 0) this.#worker.unref();
    if (message.kind === 'answered') return asked?.resolve(message.answers);
    asked?.reject(errorOf(message.failure));
  }

  #lose(cause: unknown): void {
    this.#lost ??= new VltairError('internal/unexpected', { detail: 'the thread that searches has ended', cause });
    for (const { reject } of this.#asked.values()) reject(this.#lost);
    this.#asked.clear();
  }
}

function errorOf({ reason, message, where }: Failure): VltairError {
  const error = new VltairError(reason, where === undefined ? {} : { where });
  error.message = message;
  return error;
}
