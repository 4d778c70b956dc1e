/** One operation as its client saw it; times of one monotonic clock. */
export interface Operation<Input, Output> {
  readonly client: string;
  readonly input: Input;
  readonly begin: number;
  /** `undefined`: nobody heard how it ended. It may have taken effect at any time since, or never. */
  readonly ended: { readonly at: number; readonly output: Output } | undefined;
}

/** What a correct object does, one operation after the other. */
export interface Model<State, Input, Output> {
  readonly initial: State;
  /** The state that follows; `undefined` when this output cannot be in this state. Without an output every one is taken. */
  step(state: State, input: Input, output: Output | undefined): State | undefined;
  /** Equal for equal states alone. */
  keyOf(state: State): string;
}

export type Verdict<Input, Output> =
  | { readonly kind: 'linearisable' }
  /** No order is right. `reached`: how many operations fit at the most; `stuck`: the one that had to come next, and could not. */
  | { readonly kind: 'refused'; readonly reached: number; readonly stuck: Operation<Input, Output> };

/**
 * Whether a history is linearisable: whether there is an order of its operations that the model allows, in which no
 * operation stands before one that had ended when it began.
 *
 * The search of Wing and Gong ("Testing and verifying concurrent objects", 1993) with the memory of Lowe ("Testing for
 * linearizability", 2017): a set of operations that has led to a state is not tried a second time.
 */
export function linearise<State, Input, Output>(
  model: Model<State, Input, Output>,
  operations: readonly Operation<Input, Output>[],
): Verdict<Input, Output> {
  return new Search(model, operations).run();
}

/** A call or a return in the order of time; a call knows its return. */
interface Entry {
  readonly operation: number;
  readonly isCall: boolean;
  previous: Entry;
  next: Entry | undefined;
}

interface Taken<State> {
  readonly call: Entry;
  readonly before: State;
}

class Search<State, Input, Output> {
  readonly #model: Model<State, Input, Output>;
  readonly #operations: readonly Operation<Input, Output>[];
  readonly #head: Entry;
  readonly #returns = new Map<number, Entry>();
  readonly #seen = new Set<string>();
  readonly #taken: Taken<State>[] = [];
  #done = 0n;
  #state: State;
  /** Operations with a known end that are not in the order yet. */
  #left = 0;
  #reached = 0;
  #stuck = 0;

  constructor(model: Model<State, Input, Output>, operations: readonly Operation<Input, Output>[]) {
    this.#model = model;
    this.#operations = operations;
    this.#state = model.initial;
    this.#head = this.#listed();
  }

  run(): Verdict<Input, Output> {
    for (let entry = this.#head.next; this.#left > 0;) {
      if (entry?.isCall === true) entry = this.#take(entry) ? this.#head.next : entry.next;
      else {
        this.#note(entry);
        const last = this.#taken.pop();
        if (last === undefined) return this.#refused();
        entry = this.#giveBack(last);
      }
    }
    return { kind: 'linearisable' };
  }

  /** Puts an operation next in the order, where the model and the memory let it. */
  #take(call: Entry): boolean {
    const { operation } = call;
    const { input, ended } = this.#of(operation);
    const next = this.#model.step(this.#state, input, ended?.output);
    if (next === undefined) return false;
    const key = this.#model.keyOf(next);
    // What nobody heard of and changes nothing need not have happened.
    if (ended === undefined && key === this.#model.keyOf(this.#state)) return false;
    const done = this.#done | (1n << BigInt(operation));
    const place = `${done.toString(36)} ${key}`;
    if (this.#seen.has(place)) return false;
    this.#seen.add(place);
    this.#taken.push({ call, before: this.#state });
    this.#done = done;
    this.#state = next;
    if (ended !== undefined) this.#left -= 1;
    unlink(call);
    unlink(this.#returns.get(operation));
    return true;
  }

  #giveBack({ call, before }: Taken<State>): Entry | undefined {
    this.#state = before;
    this.#done &= ~(1n << BigInt(call.operation));
    if (this.#of(call.operation).ended !== undefined) this.#left += 1;
    relink(this.#returns.get(call.operation));
    relink(call);
    return call.next;
  }

  #note(entry: Entry | undefined): void {
    if (entry === undefined || this.#taken.length < this.#reached) return;
    this.#reached = this.#taken.length;
    this.#stuck = entry.operation;
  }

  #refused(): Verdict<Input, Output> {
    return { kind: 'refused', reached: this.#reached, stuck: this.#of(this.#stuck) };
  }

  #of(operation: number): Operation<Input, Output> {
    const found = this.#operations[operation];
    if (found === undefined) throw new RangeError(`there is no operation ${operation}`);
    return found;
  }

  /** At equal times calls come first: those operations overlap. */
  #listed(): Entry {
    const moments = this.#operations.flatMap(({ begin, ended }, operation) => {
      const call = { operation, isCall: true, at: begin };
      return ended === undefined ? [call] : [call, { operation, isCall: false, at: ended.at }];
    });
    moments.sort((left, right) => left.at - right.at || Number(right.isCall) - Number(left.isCall));
    const head: Entry = { operation: -1, isCall: false, next: undefined, previous: undefined as never };
    head.previous = head;
    let last = head;
    for (const { operation, isCall } of moments) {
      const entry: Entry = { operation, isCall, previous: last, next: undefined };
      last.next = entry;
      last = entry;
      if (isCall) continue;
      this.#returns.set(operation, entry);
      this.#left += 1;
    }
    return head;
  }
}

function unlink(entry: Entry | undefined): void {
  if (entry === undefined) return;
  entry.previous.next = entry.next;
  if (entry.next !== undefined) entry.next.previous = entry.previous;
}

/** In the opposite order of {@link unlink}. */
function relink(entry: Entry | undefined): void {
  if (entry === undefined) return;
  entry.previous.next = entry;
  if (entry.next !== undefined) entry.next.previous = entry;
}
