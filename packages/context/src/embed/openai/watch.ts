interface Bounds {
  readonly requestMs: number;
  readonly idleMs: number;
}

/** Ends a request that takes too long in all, that stands still, or that its caller gives up. */
export class Watch {
  readonly #controller = new AbortController();
  readonly #caller: AbortSignal;
  readonly #bounds: Bounds;
  readonly #total: NodeJS.Timeout;
  #idle: NodeJS.Timeout;
  #timeout: string | undefined;

  constructor(bounds: Bounds, caller: AbortSignal) {
    this.#bounds = bounds;
    this.#caller = caller;
    this.#total = setTimeout(() => this.#expire(`no whole answer in ${bounds.requestMs} ms`), bounds.requestMs);
    this.#idle = this.#awaitBytes();
    caller.addEventListener('abort', this.#giveUp, { once: true });
    if (caller.aborted) this.#giveUp();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** Why the request was ended by its time; undefined when it was not. */
  get timeout(): string | undefined {
    return this.#timeout;
  }

  sawBytes(): void {
    clearTimeout(this.#idle);
    this.#idle = this.#awaitBytes();
  }

  /** Leaves no timer and no listener behind; to be called whatever became of the request. */
  end(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#idle);
    this.#caller.removeEventListener('abort', this.#giveUp);
  }

  readonly #giveUp = (): void => this.#controller.abort(this.#caller.reason);

  #awaitBytes(): NodeJS.Timeout {
    const { idleMs } = this.#bounds;
    return setTimeout(() => this.#expire(`nothing came for ${idleMs} ms`), idleMs);
  }

  #expire(detail: string): void {
    this.#timeout ??= detail;
    this.#controller.abort();
  }
}
