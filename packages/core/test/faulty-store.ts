import type * as Port from '../src/ports/event-store.ts';

/** What happens to an append: `append` performs it. */
export type AppendFault = (
  request: Port.AppendRequest,
  append: () => Promise<Port.AppendOutcome>,
) => Promise<Port.AppendOutcome>;

/** The real store, with a fault in the way of its appends and one in the way of its heads. Everything else passes through. */
export class FaultyStore implements Port.EventStore {
  protected readonly real: Port.EventStore;
  readonly #onAppend: AppendFault;
  readonly #onHead: (head: () => Promise<Port.RunHead | undefined>) => Promise<Port.RunHead | undefined>;

  constructor(
    real: Port.EventStore,
    onAppend: AppendFault,
    onHead = (head: () => Promise<Port.RunHead | undefined>) => head(),
  ) {
    this.real = real;
    this.#onAppend = onAppend;
    this.#onHead = onHead;
  }

  append(request: Port.AppendRequest): Promise<Port.AppendOutcome> {
    return this.#onAppend(request, () => this.real.append(request));
  }
  head(run: string): Promise<Port.RunHead | undefined> {
    return this.#onHead(() => this.real.head(run));
  }

  get ownership(): Port.Ownership {
    return this.real.ownership;
  }
  get leases(): Port.EventStore['leases'] {
    return this.real.leases;
  }
  read(...read: Parameters<Port.EventStore['read']>): ReturnType<Port.EventStore['read']> {
    return this.real.read(...read);
  }
  tail(...tail: Parameters<Port.EventStore['tail']>): ReturnType<Port.EventStore['tail']> {
    return this.real.tail(...tail);
  }
  runs(query: Port.RunQuery): Promise<readonly Port.RunRow[]> {
    return this.real.runs(query);
  }
  run(id: string): Promise<Port.RunRow | undefined> {
    return this.real.run(id);
  }
  counts(): ReturnType<Port.EventStore['counts']> {
    return this.real.counts();
  }
  saveSnapshot(snapshot: Port.Snapshot): Promise<void> {
    return this.real.saveSnapshot(snapshot);
  }
  loadSnapshot(run: string, schema: number): Promise<Port.Snapshot | undefined> {
    return this.real.loadSnapshot(run, schema);
  }
  takeEpoch(): Promise<number> {
    return this.real.takeEpoch();
  }
  send(...command: Parameters<Port.EventStore['send']>): Promise<void> {
    return this.real.send(...command);
  }
  withdraw(id: string): Promise<void> {
    return this.real.withdraw(id);
  }
  inbox(): Promise<readonly Port.InboxCommand[]> {
    return this.real.inbox();
  }
  claim(...claim: Parameters<Port.EventStore['claim']>): Promise<readonly Port.InboxCommand[]> {
    return this.real.claim(...claim);
  }
  answer(answers: readonly Port.CommandAnswer[]): Promise<void> {
    return this.real.answer(answers);
  }
  answerTo(id: string): Promise<Port.CommandAnswer | undefined> {
    return this.real.answerTo(id);
  }
  identity(): ReturnType<Port.EventStore['identity']> {
    return this.real.identity();
  }
  changes(): number {
    return this.real.changes();
  }
  entries(...entries: Parameters<Port.EventStore['entries']>): ReturnType<Port.EventStore['entries']> {
    return this.real.entries(...entries);
  }
  commits(...commits: Parameters<Port.EventStore['commits']>): ReturnType<Port.EventStore['commits']> {
    return this.real.commits(...commits);
  }
  commitsOf(...commits: Parameters<Port.EventStore['commitsOf']>): ReturnType<Port.EventStore['commitsOf']> {
    return this.real.commitsOf(...commits);
  }
  adopt(run: Port.ForeignRun): Promise<'adopted' | 'exists'> {
    return this.real.adopt(run);
  }
  signer(): Port.Signer {
    return this.real.signer();
  }
  close(): Promise<void> {
    return this.real.close();
  }
}
