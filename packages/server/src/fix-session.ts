import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { catalogued, openWorkspace, type ApplyResult } from '@vltair/agents';
import { fold, type EventStore, type OwnerProcess, type RunState } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import { createPrivateDirectory } from '@vltair/sandbox';
import type { Application } from './application.ts';
import { dataDirectoryOf } from './data-directory.ts';
import { applyFix, joinKeyOf, reportFix, startFix, type FixReport, type FixRequest, type FixRun } from './fix.ts';
import { followRun, isRunResting, liveOwner } from './follow-run.ts';
import { readingStore } from './open-store.ts';
import { planProject, type ProjectPlan } from './project-plan.ts';
import { inSession, restOf, type SessionOptions } from './session.ts';

export interface FixOutcome {
  readonly report: FixReport;
  /** What became of `--apply`; absent when it was not asked for or there was nothing to apply. */
  readonly applied?: ApplyResult;
}

export interface FixSession extends Omit<SessionOptions, 'dataDirectory'> {
  readonly request: FixRequest;
  /** Writes a successful repair into the directory. */
  readonly apply: boolean;
}

/** How long another process may take to create the run that it was started for, or to leave once the run has ended. */
const PATIENCE_MS = 15_000;
const POLL_MS = 100;

/**
 * Repairs a project, in this process or, when another one works on the same request already, by following its run. A
 * process that dies meanwhile is succeeded by this one.
 *
 * @throws VltairError `unavailable/store_locked` when another process works on something else there.
 */
export async function fixProject(session: FixSession): Promise<FixOutcome> {
  const { root } = await planProject(session.request.directory, session.request.test);
  const options = { ...session, dataDirectory: dataDirectoryOf(root, session.configuration) };
  for (;;) {
    try {
      return await inSession(options, async (app) => await fixHere(app, options));
    } catch (error) {
      if (!isLocked(error)) throw error;
      const followed = await fixElsewhere(options, error);
      if (followed !== 'left') return followed;
    }
  }
}

async function fixHere(app: Application, options: SessionOptions & FixSession): Promise<FixOutcome> {
  const { request, watcher, apply } = options;
  const known = apply && !request.isNew ? await knownRepair(app, request) : undefined;
  if (known !== undefined) {
    const note = 'The same request over the same files was repaired by this run; applying its change.';
    watcher.located({ run: known.run, dataDirectory: app.dataDirectory, note });
    const report = await reportFix(app, known);
    return { report, applied: await applyFix(app, known, report) };
  }
  const { run, how, plan } = await startFix(app, request);
  const note = [noteOnPlace(plan), noteOn(how)].filter((each) => each !== undefined).join(' ');
  watcher.located({ run, dataDirectory: app.dataDirectory, ...(note === '' ? {} : { note }) });
  const state = await restOf(app, watcher, run);
  const report = await reportFix(app, state);
  return apply && state.status === 'succeeded' && report.diff !== ''
    ? { report, applied: await applyFix(app, state, report) }
    : { report };
}

/** A finished run of the same request over the same files: its change need not be searched for again. */
async function knownRepair(app: Application, request: FixRequest): Promise<RunState | undefined> {
  const plan = await planProject(request.directory, request.test);
  const joinKey = joinKeyOf(plan, await catalogued(app.workspace.capture(plan.root)));
  const [row] = await app.store.runs({ joinKey, statuses: ['succeeded'], limit: 1 });
  const state = row === undefined ? undefined : fold(await app.store.read(row.run));
  return state;
}

function noteOnPlace({ instead, root, packagePath }: ProjectPlan): string | undefined {
  return instead === undefined
    ? undefined
    : `There are no tests in ${instead}; taking the project around it, ${join(root, packagePath)}.`;
}

function noteOn(how: FixRun['how']): string | undefined {
  switch (how.kind) {
    case 'started':
      return undefined;
    case 'joined':
      return 'The same request has an unfinished run; going on with it.';
    case 'expired':
      return `The unfinished run ${how.earlier} has passed its deadline and failed by that; this is a new one.`;
    case 'superseded':
      return `The files have changed since the unfinished run ${how.earlier}; this is a new one.`;
  }
}

/** Follows the owner's run of the same request. `left`: the owner is gone, and the directory may be had. */
async function fixElsewhere(options: SessionOptions & FixSession, locked: VltairError): Promise<FixOutcome | 'left'> {
  const { dataDirectory, request } = options;
  const joinKey = await outsideJoinKey(request);
  const found = await untilThereOrLeft(options, joinKey);
  if (found === 'left') return 'left';
  if (found === undefined || request.isNew) throw locked;
  const state = await readingStore(options, async (store) => await followToRest(store, options, found));
  if (state === undefined) return 'left';
  if (options.apply && state.status === 'succeeded') return await applyAfterwards(options, state);
  const workspace = await catalogued(openWorkspace({ dataDirectory }));
  return await readingStore(options, async (store) => ({ report: await reportFix({ store, workspace }, state) }));
}

interface SharedRun {
  readonly run: string;
  readonly owner: OwnerProcess;
}

/** The owner may just have begun: its run is a moment away. */
async function untilThereOrLeft(options: SessionOptions, joinKey: string): Promise<SharedRun | 'left' | undefined> {
  for (const until = performance.now() + PATIENCE_MS; performance.now() < until; await sleep(POLL_MS)) {
    if (options.signal.aborted) throw new VltairError('cancelled/interrupted');
    const owner = liveOwner(options.dataDirectory);
    if (owner === undefined) return 'left';
    const rows = await storeRuns(options, joinKey);
    const unfinished = rows.find(({ status }) => status === 'queued' || status === 'running' || status === 'paused');
    if (unfinished !== undefined) return { run: unfinished.run, owner };
  }
  return undefined;
}

async function storeRuns(options: SessionOptions, joinKey: string) {
  try {
    return await readingStore(options, async (store) => await store.runs({ joinKey }));
  } catch (error) {
    // A store that its owner is just making cannot be read yet.
    if (error instanceof VltairError && error.reason === 'not_found/store') return [];
    throw error;
  }
}

/** The state in which the run rests; `undefined` when its owner died on the way. */
async function followToRest(
  store: EventStore,
  { dataDirectory, signal, watcher }: SessionOptions,
  { run, owner }: SharedRun,
): Promise<RunState | undefined> {
  const note = `Process ${owner.pid} works on the same request; following its run.`;
  watcher.located({ run, dataDirectory, note });
  let state: RunState | undefined;
  const isOver = async (seq: number): Promise<boolean> =>
    (await isRunResting(store, run, seq)) || liveOwner(dataDirectory) === undefined;
  for await (const event of followRun(store, run, { after: 0, isOver, signal })) {
    state = fold([event], state);
    if (state !== undefined) watcher.committed([event], state);
  }
  if (signal.aborted) throw new VltairError('cancelled/interrupted');
  return state !== undefined && (await isRunResting(store, run, state.seq)) ? state : undefined;
}

/** The directory's owner leaves soon after its run has ended; then the change can be written and recorded. */
async function applyAfterwards(options: SessionOptions & FixSession, state: RunState): Promise<FixOutcome> {
  for (const until = performance.now() + PATIENCE_MS; ; await sleep(POLL_MS)) {
    try {
      return await inSession(options, async (app) => {
        const report = await reportFix(app, state);
        return { report, applied: await applyFix(app, state, report) };
      });
    } catch (error) {
      if (!isLocked(error) || performance.now() > until) throw error;
    }
  }
}

/** The request's key, found without touching the store that another process owns. */
async function outsideJoinKey(request: FixRequest): Promise<string> {
  await using scratch = createPrivateDirectory(tmpdir(), 'tree');
  const workspace = await catalogued(openWorkspace({ dataDirectory: scratch.path }));
  const plan = await planProject(request.directory, request.test);
  return joinKeyOf(plan, await catalogued(workspace.capture(plan.root)));
}

function isLocked(error: unknown): error is VltairError {
  return error instanceof VltairError && error.reason === 'unavailable/store_locked';
}
