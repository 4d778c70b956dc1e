import { randomBytes } from 'node:crypto';
import { describeDatabase, fold, type Errand, type EventStore, type RunState, type RuntimeCommand } from '@vltair/core';
import { makeRunId, VltairError, type ErrorReason } from '@vltair/protocol';
import { openEquipment, type Application, type Equipment } from './application.ts';
import { askHere, askOwner, entryOf, type Wish } from './ask-owner.ts';
import { followToRest } from './follow-to-rest.ts';
import { readingStore } from './open-store.ts';
import { restOf, type SessionOptions } from './session.ts';
import { whereverOwned, type Guest } from './wherever-owned.ts';

/** What is needed to prepare a run and to say what it came to, whoever owns the store. */
export interface Desk extends Equipment {
  readonly store: EventStore;
}

/** The run that is wanted: a new one that `begin` makes, else one that the store has. */
export interface Target {
  readonly run: string;
  /** A start that joins gives way to an unfinished run of the same join key: then the target is prepared again. */
  readonly begin?: Extract<Errand, { readonly type: 'start' | 'fork' }>;
  /** Runs that have to come to their end first. */
  readonly before?: readonly string[];
  /** What is put to the run once it has been taken up. */
  readonly commands?: (state: RunState) => readonly RuntimeCommand[];
  /** Why this run, where there was a choice: one sentence. */
  readonly note?: string;
}

export interface Pursuit<T> {
  /** Finds or makes the target. Called again only when the start of one gave way to another run. */
  readonly prepare: (desk: Desk) => Promise<Target>;
  /** Says what the resting run came to. */
  readonly finish: (desk: Desk, state: RunState) => Promise<T>;
}

/**
 * Brings a run to its rest and shows it meanwhile: in this process when nobody else owns the store, else by having the
 * owner work on it and following the log. When the owner goes, this process goes on in its place.
 *
 * @throws VltairError with the reason of a refusal, whoever refused; `cancelled/interrupted`, which leaves a run that
 * another process works on with that process.
 */
export async function bringToRest<T>(session: SessionOptions, pursuit: Pursuit<T>): Promise<T> {
  const chase = new Chase(session, pursuit);
  try {
    return await whereverOwned<T>(session, {
      here: async (app) => await chase.here(app),
      elsewhere: async (guest) => await chase.elsewhere(guest),
      run: () => chase.run,
    });
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'cancelled/interrupted') await chase.tellWhatIsKept();
    throw error;
  }
}

const PATIENCE_MS = 5_000;

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A run that came to its end in the moment in which it was to go on is shown as it ended. */
async function unlessOver<T>({ type }: RuntimeCommand, putting: Promise<T>): Promise<T | undefined> {
  try {
    return await putting;
  } catch (error) {
    if (type === 'resume' && error instanceof VltairError && OVER.has(error.reason)) return undefined;
    throw error;
  }
}

const OVER: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  'invalid_argument/run_ended',
  'invalid_argument/run_ending',
]);

/** One pursuit over all owners: its target and the ids of its wishes stay the same. */
class Chase<T> {
  readonly #session: SessionOptions;
  readonly #pursuit: Pursuit<T>;
  readonly #ids = new Map<string, string>();
  #target: Target | undefined;
  #isLocated = false;
  /** The last event that the watcher was told of while following. */
  #seen = 0;
  /** Of the process that was followed last. */
  #followed: string | undefined;

  constructor(session: SessionOptions, pursuit: Pursuit<T>) {
    this.#session = session;
    this.#pursuit = pursuit;
  }

  /** Once it is known. */
  get run(): string | undefined {
    return this.#target?.run;
  }

  async here(app: Application): Promise<T> {
    const tell = async (run: string, wish: Wish): Promise<void> => await askHere(app, this.#entry(run, wish));
    const target = await this.#begun(app, async ({ run, begin, before = [] }) => {
      for (const each of before) await app.runtime.resume(each).then(() => app.runtime.rest(each));
      if (begin !== undefined && (await app.store.run(run)) === undefined) await tell(run, begin);
    });
    const { run } = target;
    const gone =
      this.#followed === undefined ? undefined : `${capital(this.#followed)} has left; going on with it here.`;
    this.#locate(target, gone);
    // A command is judged before anything of the run begins.
    const found = target.commands === undefined ? undefined : fold(await app.store.read(run));
    for (const command of found === undefined ? [] : (target.commands?.(found) ?? []))
      await unlessOver(command, tell(run, command));
    await app.runtime.resume(run);
    return await this.#pursuit.finish(app, await restOf(app, this.#session.watcher, run));
  }

  async elsewhere(guest: Guest): Promise<T | 'left'> {
    const { store, owner } = guest;
    const desk: Desk = { ...(await openEquipment(this.#session)), store };
    const target = await this.#begun(desk, async ({ run, begin, before = [] }) => {
      for (const each of before) if (!(await this.#restsElsewhere(guest, each))) return 'left';
      const isNew = begin !== undefined && (await store.run(run)) === undefined;
      return await this.#ask(guest, isNew ? this.#entry(run, begin) : entryOf(run, { type: 'take_up' }));
    });
    if (target === 'left') return 'left';
    this.#followed = owner;
    this.#locate(target, `${capital(owner)} ${guest.works}; following its run.`, owner);
    const { run, commands } = target;
    const begun = commands === undefined ? undefined : fold(await store.read(run));
    for (const command of begun === undefined ? [] : (commands?.(begun) ?? []))
      if ((await unlessOver(command, this.#ask(guest, this.#entry(run, command)))) === 'left') return 'left';
    const state = await this.#follow(guest, run);
    return state === undefined ? 'left' : await this.#pursuit.finish(desk, state);
  }

  /** Somebody may leave in the moment in which the run has begun: he is told of it all the same. */
  async tellWhatIsKept(): Promise<void> {
    const target = this.#target;
    if (target === undefined || this.#isLocated) return;
    const row = await readingStore(this.#session, async (store) => await store.run(target.run));
    if (row !== undefined) this.#locate(target);
  }

  /** The target once `begin` has begun it; a start that gave way to another run finds that one. */
  async #begun(desk: Desk, begin: (target: Target) => Promise<void>): Promise<Target>;
  async #begun(desk: Desk, begin: (target: Target) => Promise<'left' | undefined>): Promise<Target | 'left'>;
  async #begun(desk: Desk, begin: (target: Target) => Promise<'left' | void | undefined>): Promise<Target | 'left'> {
    for (;;) {
      const target = (this.#target ??= this.#ofTenant(await this.#pursuit.prepare(desk)));
      try {
        return (await begin(target)) ?? target;
      } catch (error) {
        const gaveWay = error instanceof VltairError && error.reason === 'invalid_argument/run_exists';
        if (target.begin?.type !== 'start' || !target.begin.joins || !gaveWay) throw error;
        this.#target = undefined;
      }
    }
  }

  #ofTenant(target: Target): Target {
    const { tenant } = this.#session.configuration;
    const { begin } = target;
    if (begin?.type !== 'start' || tenant === undefined) return target;
    return { ...target, begin: { ...begin, request: { ...begin.request, tenant } } };
  }

  #locate({ run, note }: Target, circumstance?: string, owner?: string): void {
    const { dataDirectory, configuration, watcher } = this.#session;
    const { databaseUrl } = configuration;
    const said = [this.#isLocated ? undefined : note, circumstance].filter((each) => each !== undefined).join(' ');
    this.#isLocated = true;
    watcher.located({
      run,
      store: databaseUrl === undefined ? dataDirectory : describeDatabase(databaseUrl),
      ...(said === '' ? {} : { note: said }),
      ...(owner === undefined ? {} : { owner }),
    });
  }

  /** The same wish has the same id, whoever it is put to. */
  #entry(run: string, wish: Wish) {
    const text = JSON.stringify([run, wish]);
    const id = this.#ids.get(text) ?? `command-${makeRunId(Date.now(), randomBytes(16))}`;
    this.#ids.set(text, id);
    return entryOf(run, wish, id);
  }

  /** As long as it takes; what is not begun when the person leaves is taken back. */
  async #ask(guest: Guest, entry: ReturnType<typeof entryOf>): Promise<'left' | undefined> {
    const { signal, warn } = this.#session;
    try {
      let answer = await askOwner(guest, entry, { signal, patienceMs: PATIENCE_MS });
      if (answer === 'pending') warn(`${guest.owner} has not answered yet; waiting for it`);
      if (answer === 'pending') answer = await askOwner(guest, entry, { signal, patienceMs: Infinity });
      return answer === 'left' ? 'left' : undefined;
    } catch (error) {
      if (signal.aborted) await guest.store.withdraw(entry.id);
      throw error;
    }
  }

  async #restsElsewhere(guest: Guest, run: string): Promise<boolean> {
    if ((await this.#ask(guest, entryOf(run, { type: 'take_up' }))) === 'left') return false;
    return (await followToRest(guest, run, this.#session.signal)) !== undefined;
  }

  async #follow(guest: Guest, run: string): Promise<RunState | undefined> {
    const { watcher, signal } = this.#session;
    return await followToRest(guest, run, signal, (event, state) => {
      if (event.seq > this.#seen) watcher.committed([event], state);
      this.#seen = Math.max(this.#seen, event.seq);
    });
  }
}
