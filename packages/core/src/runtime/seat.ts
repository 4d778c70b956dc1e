import { failureOf, VltairError, type JsonObject } from '@vltair/protocol';
import type { Clock } from '../ports/clock.ts';
import type { EventStore } from '../ports/event-store.ts';
import type { InboxClaim, LeaseTerm } from '../ports/leases.ts';

export interface SeatPorts {
  readonly store: Pick<EventStore, 'leases' | 'takeEpoch'>;
  readonly clock: Clock;
  /** Names this process for people. */
  readonly worker: string;
  /** It stays, and takes up what is nobody's. */
  readonly isStanding: () => boolean;
  /** Epochs under which something works: the others are given up when a later one is taken. */
  readonly inUse: () => ReadonlySet<number>;
  /** What this process tells of itself with each renewal. */
  readonly tell: () => JsonObject;
  /** The lease has run out: nothing may be written, or called, under its epochs any more. */
  readonly lost: () => void;
  readonly warn: (warning: string) => void;
}

/** How long a worker may be silent before its runs are free. */
export const LEASE_MS = 3_000;
const RENEW_MS = 1_000;
const RETRY_MS = 250;

/**
 * The epochs under which this process writes. Alone in its store, it keeps the one that it has opened it with; on a
 * shared store they are under a lease that is renewed while the process lives.
 *
 * L1 By this process's clock the lease has run out when its whole length has passed since the last renewal that
 *    succeeded was asked for: not later than by the store's.
 * L2 When it is lost, `lost` is told at once; a new lease begins with a new epoch as soon as the store allows.
 */
export class Seat {
  readonly #ports: SeatPorts;
  #epochs: readonly number[];
  /** The epoch that the lease began with, which names it. */
  #lease: number | undefined;
  /** Resolves when this process has its lease, or rejects with the reason why it has none yet. */
  #taking: Promise<void>;
  #raising: Promise<void> | undefined;
  #expiry: { cancel(): void } | undefined;
  #next: { cancel(): void } | undefined;
  /** On the monotonic clock. */
  #heldUntil = Infinity;
  #hasWarned = false;
  #hasLeft = false;

  constructor(epoch: number, ports: SeatPorts) {
    this.#ports = ports;
    this.#epochs = ports.store.leases === undefined ? [epoch] : [];
    this.#taking = ports.store.leases === undefined ? Promise.resolve() : this.#take(() => Promise.resolve(epoch));
    this.#taking.catch((error: unknown) => this.#warnOnce(error)); // and whoever wants to write meanwhile is told
  }

  /** All epochs of this process, oldest first; none while its lease is lost. */
  get epochs(): readonly number[] {
    return this.#epochs;
  }

  /** The epoch for what begins now. @throws VltairError `unavailable/lease_lost`, `unavailable/shutting_down`, and what the store fails with. */
  async current(): Promise<number> {
    await this.#taking; // not-a-port: the store's, under its lease
    return this.latest();
  }

  /** The latest epoch now. @throws VltairError as {@link Seat.current} */
  latest(): number {
    const epoch = this.#epochs.at(-1);
    if (epoch === undefined)
      throw new VltairError(this.#hasLeft ? 'unavailable/shutting_down' : 'unavailable/lease_lost');
    return epoch;
  }

  /** Whether the latest epoch of this process is not older than that one. */
  covers(epoch: number): boolean {
    return this.#ports.store.leases === undefined || (this.#epochs.at(-1) ?? 0) >= epoch;
  }

  /** An epoch for a run that has seen that one: a later one, unless that is one of this process. */
  async above(epoch: number): Promise<number> {
    const current = await this.current();
    if (this.covers(epoch)) return current;
    this.#raising ??= this.#raise().finally(() => (this.#raising = undefined));
    await this.#raising; // not-a-port: the store's, under its lease
    return await this.current();
  }

  /** Under which this process goes on with a run that it has let go of, or opens one again that has ended. */
  over(epoch: number, hasEnded: boolean): number {
    const found = hasEnded ? this.#epochs.at(-1) : this.#epochs.find((each) => each === epoch);
    if (found === undefined) throw new VltairError('unavailable/lease_lost'); // since the run was taken up
    return found;
  }

  /** Whoever lives is left alone, and asked through the inbox. @throws VltairError `unavailable/run_held` */
  async requireFree(run: string): Promise<void> {
    const holder = await this.#ports.store.leases?.holderOf(run, this.#epochs);
    if (holder === undefined) return;
    throw new VltairError('unavailable/run_held', { detail: `${holder.worker} has ${run}`, where: run });
  }

  /** Who asks for commands: without a lease, one to whom none belong. */
  get claimant(): Pick<InboxClaim, 'mine' | 'epoch' | 'isStanding'> {
    const epoch = this.#epochs.at(-1);
    return { mine: this.#epochs, epoch: epoch ?? 0, isStanding: epoch !== undefined && this.#ports.isStanding() };
  }

  /** L1. For what is about to leave this process: a lease that has run out while it stood still is lost now. */
  check(): void {
    if (this.#ports.clock.monotonic() >= this.#heldUntil) this.#lose();
  }

  /** Renews nothing any more, and gives everything back. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#rest();
    const epochs = this.#epochs;
    this.#epochs = [];
    this.#lease = undefined;
    try {
      await this.#ports.store.leases?.end(epochs);
    } catch (error) {
      this.#ports.warn(`the lease was not given back, and runs out by itself: ${failureOf(error).message}`);
    }
  }

  #term(lease: number): LeaseTerm {
    const { worker, isStanding, tell } = this.#ports;
    return { worker, isStanding: isStanding(), lease, milliseconds: LEASE_MS, told: tell() };
  }

  async #take(epochOf: () => Promise<number>): Promise<void> {
    const { store, clock } = this.#ports;
    try {
      const epoch = await epochOf(); // not-a-port: the store's own, of this opening or new
      const asked = clock.monotonic();
      await store.leases?.begin(epoch, this.#term(epoch));
      if (this.#hasLeft) return await store.leases?.end([epoch]);
      this.#epochs = [epoch];
      this.#lease = epoch;
      this.#held(asked);
    } catch (error) {
      this.#next = clock.after(RETRY_MS, () => this.#takeAnew());
      throw error;
    }
  }

  #takeAnew(): void {
    if (this.#hasLeft) return;
    this.#taking = this.#take(() => this.#ports.store.takeEpoch());
    this.#taking.catch((error: unknown) => this.#warnOnce(error));
  }

  async #raise(): Promise<void> {
    const { store } = this.#ports;
    const epoch = await store.takeEpoch();
    const lease = this.#lease;
    if (lease === undefined) throw new VltairError('unavailable/lease_lost');
    await store.leases?.begin(epoch, this.#term(lease));
    if (lease !== this.#lease) {
      await store.leases?.end([epoch]);
      throw new VltairError('unavailable/lease_lost');
    }
    const epochs = this.#epochs;
    const inUse = this.#ports.inUse();
    this.#epochs = [...epochs.filter((each) => inUse.has(each)), epoch];
    await this.#giveUp(epochs.filter((each) => !inUse.has(each)));
  }

  async #giveUp(epochs: readonly number[]): Promise<void> {
    try {
      if (epochs.length > 0) await this.#ports.store.leases?.end(epochs);
    } catch {
      // They are renewed no more, and run out by themselves.
    }
  }

  // --- renewing

  /** L1. */
  #held(asked: number): void {
    const { clock } = this.#ports;
    this.#rest();
    this.#hasWarned = false;
    this.#heldUntil = asked + LEASE_MS;
    this.#expiry = clock.after(Math.max(0, this.#heldUntil - clock.monotonic()), () => this.#lose());
    this.#next = clock.after(RENEW_MS, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const { store, clock } = this.#ports;
    const asked = clock.monotonic();
    if (asked >= this.#heldUntil) return this.#lose(); // this process stood still
    const epochs = this.#epochs;
    const lease = this.#lease;
    if (lease === undefined || store.leases === undefined) return;
    try {
      const answer = await store.leases.renew(epochs, this.#term(lease));
      if (lease !== this.#lease || this.#hasLeft) return;
      if (answer === 'held') this.#held(asked);
      else this.#lose();
    } catch (error) {
      if (lease !== this.#lease || this.#hasLeft) return;
      this.#warnOnce(error);
      this.#next = clock.after(RETRY_MS, () => void this.#renew());
    }
  }

  /** L2. */
  #lose(): void {
    if (this.#hasLeft || this.#epochs.length === 0) return;
    this.#rest();
    this.#epochs = [];
    this.#lease = undefined;
    this.#heldUntil = Infinity;
    this.#ports.lost();
    this.#takeAnew();
  }

  #rest(): void {
    this.#expiry?.cancel();
    this.#next?.cancel();
  }

  #warnOnce(error: unknown): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#ports.warn(`the lease of this worker cannot be renewed: ${failureOf(error).message}`);
  }
}
