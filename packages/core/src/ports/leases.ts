import type { JsonObject } from '@vltair/protocol';

/**
 * Which writers of a shared store are alive, by the store's own clock. A run belongs to the writer under whose epoch its
 * last event stands, for as long as the lease of that epoch lasts; then it is free, and whoever claims it writes under a
 * later epoch.
 *
 * Leases tell whom to leave alone. What keeps two writers apart is the epoch of each append (S2): a lease that ended too
 * soon, or a worker that wakes up after its own has run out, costs time, and never a second writer.
 *
 * `mine` are the epochs of the writer that asks.
 */
export interface Leases {
  /** Puts a new epoch under the lease of this process, from now on. */
  begin(epoch: number, term: LeaseTerm): Promise<void>;
  /** `lost`: one of them has run out, and all of them have ended with it. */
  renew(mine: readonly number[], term: LeaseTerm): Promise<'held' | 'lost'>;
  /** Everything under them is free at once. */
  end(mine: readonly number[]): Promise<void>;
  /** The writers that are alive, oldest first. */
  living(): Promise<readonly LivingWriter[]>;
  /** The living writer to which a run belongs, unless that is the one that asks. */
  holderOf(run: string, mine: readonly number[]): Promise<LivingWriter | undefined>;
  /** Takes a key that at most one living writer holds at a time; one that this process holds already is held. */
  holdKey(key: string, epoch: number): Promise<boolean>;
  freeKey(key: string, epoch: number): Promise<void>;
  /** The store's clock, in milliseconds since 1970. */
  now(): Promise<number>;
}

export interface LeaseTerm {
  /** Names the process for people. */
  readonly worker: string;
  /** It stays, and takes up what is nobody's. */
  readonly isStanding: boolean;
  /** The first epoch of this lease: one process is one writer, however many epochs it takes. */
  readonly lease: number;
  readonly milliseconds: number;
  /** What the process counts, for whoever looks at the store. */
  readonly told: JsonObject;
}

/** Who would answer commands of the inbox. */
export interface InboxClaim {
  readonly mine: readonly number[];
  /** The epoch that is to be known as the one who answers. */
  readonly epoch: number;
  readonly isStanding: boolean;
  /** How many runs that do not exist yet may be begun. */
  readonly starts: number;
  /** Ids of commands that this writer cannot answer now: they are left to others. */
  readonly without: readonly string[];
}

/** A process that writes to a shared store. */
export interface LivingWriter {
  readonly worker: string;
  readonly lease: number;
  readonly isStanding: boolean;
  /** By the store's clock. */
  readonly sinceTs: number;
  readonly untilTs: number;
  /** What it told of itself last. */
  readonly told: JsonObject;
}
