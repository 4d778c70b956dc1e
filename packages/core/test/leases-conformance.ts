import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { EventStore, InboxCommand } from '../src/ports/event-store.ts';
import type { InboxClaim, Leases, LeaseTerm } from '../src/ports/leases.ts';
import { anAppend, aRow, aRunOf, created } from './journal-builders.ts';

/** A place where several writers open the same store, and time can be let pass. */
export interface SharedPlace {
  open(): Promise<EventStore>;
  pass(milliseconds: number): Promise<void>;
  remove(): Promise<void>;
}

/** A lease of the tests: long enough for a few statements. */
const TERM_MS = 1_000;

interface Writer {
  readonly store: EventStore;
  readonly leases: Leases;
  readonly epoch: number;
}

/** What the leases of every store do that several writers share (ports/leases.ts). */
export function describeLeases(name: string, makePlace: () => Promise<SharedPlace>): void {
  describe(name, () => {
    let place: SharedPlace;
    beforeEach(async () => {
      place = await makePlace();
      onTestFinished(() => place.remove());
    });

    async function aWriter(isStanding = true): Promise<Writer> {
      const store = await place.open();
      onTestFinished(() => store.close());
      if (store.ownership.kind !== 'writer' || store.leases === undefined) throw new TypeError('the place is shared');
      const { epoch } = store.ownership;
      await store.leases.begin(epoch, termOf(epoch, isStanding));
      return { store, leases: store.leases, epoch };
    }

    async function aRun({ store }: Writer, run: string, wakeTs?: number): Promise<void> {
      await aRunOf(store, run, [created()], aRow({ status: wakeTs === undefined ? 'running' : 'paused', wakeTs }));
    }

    describe('lives', () => {
      test('a writer is known as alive until its lease has run out', async () => {
        const one = await aWriter();
        const other = await aWriter(false);
        expect(await one.leases.living()).toMatchObject([
          { worker: `worker ${one.epoch}`, lease: one.epoch, isStanding: true, told: { busy: one.epoch } },
          { worker: `worker ${other.epoch}`, lease: other.epoch, isStanding: false },
        ]);
        await place.pass(TERM_MS / 2);
        expect(await one.leases.renew([one.epoch], termOf(one.epoch))).toBe('held');
        await place.pass(TERM_MS / 2 + 50);
        expect((await other.leases.living()).map(({ lease }) => lease)).toEqual([one.epoch]);
      });

      test('a lease that has run out cannot be renewed, and ends with all its epochs', async () => {
        const { leases, store, epoch } = await aWriter();
        await place.pass(TERM_MS / 2);
        const later = await store.takeEpoch();
        await leases.begin(later, termOf(epoch));
        expect(await leases.living()).toHaveLength(1);
        await place.pass(TERM_MS / 2 + 50);
        expect(await leases.renew([epoch, later], termOf(epoch))).toBe('lost');
        expect(await leases.living()).toEqual([]);
      });

      test('a lease that is given back ends at once', async () => {
        const one = await aWriter();
        const other = await aWriter();
        await one.leases.end([one.epoch]);
        expect((await other.leases.living()).map(({ lease }) => lease)).toEqual([other.epoch]);
      });

      test('the clock of the store goes on', async () => {
        const { leases } = await aWriter();
        const before = await leases.now();
        await place.pass(50);
        expect((await leases.now()) - before).toBeGreaterThanOrEqual(45);
      });
    });

    describe('runs', () => {
      test('a run belongs to the living writer of its last event, and to nobody after its lease', async () => {
        const [one, other] = [await aWriter(), await aWriter()];
        await aRun(one, 'r1');
        await aRun(one, 'asleep', 5);
        const available = async ({ store, epoch }: Writer): Promise<readonly string[]> => {
          const running = await store.runs({ statuses: ['running'], availableTo: [epoch] });
          const due = await store.runs({ wakeBy: 10, availableTo: [epoch] });
          return [...running, ...due].map(({ run }) => run);
        };
        expect(await other.leases.holderOf('r1', [other.epoch])).toMatchObject({ lease: one.epoch });
        expect(await one.leases.holderOf('r1', [one.epoch])).toBeUndefined();
        expect(await available(other)).toEqual([]);
        expect(await available(one)).toEqual(['r1', 'asleep']);
        await place.pass(TERM_MS + 50);
        expect(await other.leases.holderOf('r1', [other.epoch])).toBeUndefined();
        expect(await available(other)).toEqual(['r1', 'asleep']);
      });

      test('a run goes with its last event to the writer that takes it over', async () => {
        const [one, other] = [await aWriter(), await aWriter()];
        await aRun(one, 'r1');
        await other.store.append(anAppend(other.store, { run: 'r1', expectedSeq: 1 }));
        expect(await one.leases.holderOf('r1', [one.epoch])).toMatchObject({ lease: other.epoch });
        expect(await other.leases.holderOf('unknown', [])).toBeUndefined();
      });
    });

    describe('commands', () => {
      const ids = async ({ store, epoch }: Writer, wish: Partial<InboxClaim> = {}): Promise<readonly string[]> =>
        (await store.claim({ mine: [epoch], epoch, isStanding: true, starts: 10, without: [], ...wish })).map(
          ({ id }) => id,
        );

      test('a command belongs to the living owner of its run, and to whoever comes first when there is none', async () => {
        const [one, other] = [await aWriter(), await aWriter()];
        await aRun(one, 'r1');
        await one.store.send(aCommand('c1', 'r1'));
        expect(await ids(other)).toEqual([]);
        expect(await ids(one)).toEqual(['c1']);
        await place.pass(TERM_MS + 50);
        const third = await aWriter();
        expect(await ids(third)).toEqual(['c1']);
        expect(await ids(await aWriter())).toEqual([]);
        expect(await ids(third)).toEqual(['c1']);
      });

      test('of commands for runs that do not exist yet, as many as are wanted are taken, oldest first, each by one writer', async () => {
        const [one, other] = [await aWriter(), await aWriter()];
        const sent = Array.from({ length: 7 }, (_, n) => `s${n}`);
        for (const id of sent) await one.store.send(aCommand(id, `new-${id}`));
        expect(await ids(one, { starts: 2 })).toEqual(['s0', 's1']);
        expect(await ids(other, { starts: 3 })).toEqual(['s2', 's3', 's4']);
        const rest = await Promise.all([ids(one, { starts: 7 }), ids(other, { starts: 7 })]);
        expect(rest.flat().toSorted()).toEqual(sent);
        await place.pass(TERM_MS + 50);
        expect(await ids(await aWriter(), { starts: 9 })).toEqual(sent);
      });

      test('a writer that does not stay answers for its own runs, and what it has sent itself', async () => {
        const [standing, guest] = [await aWriter(), await aWriter(false)];
        await aRun(guest, 'r1');
        for (const id of ['of-run', 'sent', 'other'])
          await guest.store.send(
            aCommand(id, id === 'of-run' ? 'r1' : `new-${id}`),
            id === 'sent' ? guest.epoch : undefined,
          );
        expect(await ids(guest, { isStanding: false })).toEqual(['of-run', 'sent']);
        expect(await ids(standing)).toEqual(['other']);
        await guest.store.send(aCommand('other', 'new-other'), guest.epoch);
        expect(await ids(guest, { isStanding: false })).toEqual(['of-run', 'sent', 'other']);
        expect(await ids(standing)).toEqual([]);
      });
    });

    describe('commands that cannot be answered', () => {
      test('are left to others for as long as their writer says so', async () => {
        const [one, other] = [await aWriter(), await aWriter()];
        for (const id of ['s0', 's1']) await one.store.send(aCommand(id, `new-${id}`));
        const claim = async ({ store, epoch }: Writer, without: readonly string[]): Promise<readonly string[]> => {
          const claimed = await store.claim({ mine: [epoch], epoch, isStanding: true, starts: 1, without });
          return claimed.map(({ id }) => id);
        };
        expect(await claim(one, [])).toEqual(['s0']);
        expect(await claim(one, ['s0'])).toEqual(['s1']);
        expect(await claim(other, [])).toEqual(['s0']);
      });

      test('the same command sent twice at one moment is one, and whoever answers it is known', async () => {
        const { store, epoch } = await aWriter(false);
        const command = aCommand('twice', 'new');
        await Promise.all([store.send(command, epoch), store.send(command), store.send(command)]);
        expect(await store.inbox()).toHaveLength(1);
        const claimed = await store.claim({ mine: [epoch], epoch, isStanding: false, starts: 1, without: [] });
        expect(claimed.map(({ id }) => id)).toEqual(['twice']);
      });

      test('of many claims at one moment, each command is in one', async () => {
        const writers = await Promise.all([1, 2, 3, 4].map(() => aWriter()));
        const sent = Array.from({ length: 40 }, (_, n) => `s${String(n).padStart(2, '0')}`);
        const [first] = writers;
        await Promise.all(sent.map(async (id) => await first?.store.send(aCommand(id, `new-${id}`))));
        const claims = await Promise.all(
          [...writers, ...writers].map(
            async ({ store, epoch }) =>
              await store.claim({ mine: [epoch], epoch, isStanding: true, starts: 7, without: [] }),
          ),
        );
        const byWriter = writers.map(
          (_, at) => new Set([...(claims[at] ?? []), ...(claims[at + 4] ?? [])].map(({ id }) => id)),
        );
        expect(byWriter.reduce((sum, { size }) => sum + size, 0)).toBe(
          new Set(byWriter.flatMap((ids) => [...ids])).size,
        );
        for (const claimed of claims) expect(claimed.length).toBeLessThanOrEqual(7);
      });

      test('starts of one tenant do not keep those of another waiting', async () => {
        const { store, epoch } = await aWriter();
        for (const id of ['a1', 'a2', 'a3', 'b1'])
          await store.send({ ...aCommand(id, `new-${id}`), tenant: id.charAt(0) });
        const claimed = await store.claim({ mine: [epoch], epoch, isStanding: true, starts: 2, without: [] });
        expect(claimed.map(({ id }) => id)).toEqual(['a1', 'b1']);
      });
    });

    describe('keys', () => {
      test('a key is held by one living writer at a time', async () => {
        const [one, other] = [await aWriter(), await aWriter()];
        expect(await one.leases.holdKey('deploy', one.epoch)).toBe(true);
        expect(await one.leases.holdKey('deploy', one.epoch)).toBe(true);
        expect(await other.leases.holdKey('deploy', other.epoch)).toBe(false);
        expect(await other.leases.holdKey('test', other.epoch)).toBe(true);
        await other.leases.freeKey('deploy', other.epoch);
        expect(await other.leases.holdKey('deploy', other.epoch)).toBe(false);
        await one.leases.freeKey('deploy', one.epoch);
        expect(await other.leases.holdKey('deploy', other.epoch)).toBe(true);
      });

      test("a key is its process's, under whichever epoch it was taken", async () => {
        const one = await aWriter();
        const later = await one.store.takeEpoch();
        await one.leases.begin(later, termOf(one.epoch));
        expect(await one.leases.holdKey('deploy', one.epoch)).toBe(true);
        expect(await one.leases.holdKey('deploy', later)).toBe(true);
        await one.leases.freeKey('deploy', one.epoch);
        expect(await (await aWriter()).leases.holdKey('deploy', 0)).toBe(true);
      });

      test('the keys of a writer that has died are free', async () => {
        const one = await aWriter();
        expect(await one.leases.holdKey('deploy', one.epoch)).toBe(true);
        await place.pass(TERM_MS + 50);
        const other = await aWriter();
        expect(await other.leases.holdKey('deploy', other.epoch)).toBe(true);
      });

      test('of many that want a key at one moment, one has it', async () => {
        const writers = [await aWriter(), await aWriter(), await aWriter()];
        const got = await Promise.all(writers.map(({ leases, epoch }) => leases.holdKey('deploy', epoch)));
        expect(got.filter(Boolean)).toHaveLength(1);
      });
    });
  });
}

function termOf(lease: number, isStanding = true): LeaseTerm {
  return { worker: `worker ${lease}`, isStanding, lease, milliseconds: TERM_MS, told: { busy: lease } };
}

function aCommand(id: string, run: string): InboxCommand {
  return { id, run, command: { type: 'cancel' }, ts: 1 };
}
