import type { Leases, LeaseTerm, LivingWriter } from '../ports/leases.ts';
import {
  askEndLeases,
  askFreeKey,
  beginLease,
  holderOfRun,
  holdKey,
  livingWriters,
  renewLease,
  storeNow,
} from './lease-table.ts';
import type { Reader } from './journal-reads.ts';
import type { Ask, Work } from './statement.ts';

/** Whoever does the {@link Work} of leases, each in a transaction of its own that waits for no group commit. */
export interface LeaseDriver {
  do<T>(work: () => Work<T>): Promise<T>;
  close(): Promise<void>;
}

export interface LeaseDrivers {
  /** For leases alone: whatever else is slow, renewals are not. */
  readonly renewing: LeaseDriver;
  /** For commands and keys. */
  readonly claiming: LeaseDriver;
}

/** Leases in the tables of a shared store. */
export class StoreLeases implements Leases {
  readonly #renewing: LeaseDriver;
  readonly #claiming: LeaseDriver;
  readonly #reader: Reader;

  constructor({ renewing, claiming }: LeaseDrivers, reader: Reader) {
    this.#renewing = renewing;
    this.#claiming = claiming;
    this.#reader = reader;
  }

  begin(epoch: number, term: LeaseTerm): Promise<void> {
    return this.#renewing.do(() => beginLease(epoch, term));
  }

  renew(mine: readonly number[], term: LeaseTerm): Promise<'held' | 'lost'> {
    return this.#renewing.do(() => renewLease(mine, term));
  }

  end(mine: readonly number[]): Promise<void> {
    return this.#renewing.do(() => asking(askEndLeases(mine)));
  }

  async living(): Promise<readonly LivingWriter[]> {
    return await this.#reader.do(() => livingWriters());
  }

  async holderOf(run: string, mine: readonly number[]): Promise<LivingWriter | undefined> {
    return await this.#reader.do(() => holderOfRun(run, mine));
  }

  holdKey(key: string, epoch: number): Promise<boolean> {
    return this.#claiming.do(() => holdKey(key, epoch));
  }

  freeKey(key: string, epoch: number): Promise<void> {
    return this.#claiming.do(() => asking(askFreeKey(key, epoch)));
  }

  async now(): Promise<number> {
    return await this.#reader.do(() => storeNow());
  }
}

function* asking(asked: Ask): Work<void> {
  yield [asked];
}
