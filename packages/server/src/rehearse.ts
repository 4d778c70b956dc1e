import {
  changedAgents,
  changeText,
  flagsText,
  fold,
  requireVerifiedRun,
  unknownFlags,
  verifyReplay,
  type EventStore,
  type ReplayDifference,
  type RunRow,
} from '@vltair/core';
import { canonicalJson, errorCatalogue, failureOf, type EventPayload, type RunEvent } from '@vltair/protocol';
import { findRun } from './find-run.ts';
import { installedAgents } from './installed-agents.ts';
import { openStore, type StoreOptions } from './open-store.ts';

export interface RehearsalWish {
  /** As people name runs; none: every run of the store that has not ended. */
  readonly names: readonly string[];
  /** Also runs that have ended, archived and imported ones among them. */
  readonly all: boolean;
}

/** What this version would make of a run. */
export interface Rehearsal {
  readonly run: string;
  readonly title: string;
  readonly status: RunRow['status'];
  readonly events: number;
  /** `same`: it would go on as it was recorded. `purged`: there is nothing left to read. */
  readonly verdict: 'same' | 'differs' | 'purged';
  readonly findings: readonly RehearsalFinding[];
}

/** Why a run would not go on here as it was recorded. */
export interface RehearsalFinding {
  /** `log`: it cannot be read or folded. `flags`, `agent`: it is pinned to something else. `decision`: another one follows. */
  readonly kind: 'log' | 'flags' | 'agent' | 'decision';
  /** The event that differs, and the fact that it follows from. */
  readonly seq?: number;
  readonly afterFact?: string;
  /** For people: what was recorded, and what is so today. */
  readonly reason: string;
  /** What a person does next. */
  readonly next: string;
}

/** A run that was rehearsed, and how far the whole has come. */
export interface RehearsalStep {
  readonly rehearsal: Rehearsal;
  readonly done: number;
  readonly of: number;
}

/** More runs than any store of one machine holds. */
const ALL = 1_000_000;

/**
 * Runs the logs of a store through today's code: reads and folds each, looks at what it is pinned to, and compares every
 * decision. Nothing is written and nothing is owned, so it goes beside whoever works there. One run is in memory at a time.
 *
 * @throws VltairError `not_found/run` for a run that is named, and what is wrong with the store as a whole.
 */
export async function* rehearse(
  options: StoreOptions,
  wish: RehearsalWish,
): AsyncGenerator<RehearsalStep, void, undefined> {
  const store = await openStore(options, 'read');
  try {
    const rows = await chosenRuns(store, wish);
    for (const [index, row] of rows.entries())
      yield { rehearsal: await rehearseRun(store, row), done: index + 1, of: rows.length };
  } finally {
    await store.close();
  }
}

/** Oldest first. Runs of other stores are continued there. */
async function chosenRuns(store: EventStore, { names, all }: RehearsalWish): Promise<readonly RunRow[]> {
  const named: RunRow[] = [];
  for (const name of names) named.push(await findRun(store, name));
  if (named.length > 0) return named;
  if (all) return (await store.runs({ limit: ALL })).toReversed();
  const open = await store.runs({ statuses: ['queued', 'running', 'paused'], limit: ALL });
  return open.filter(({ origin }) => origin === undefined).toReversed();
}

async function rehearseRun(store: EventStore, row: RunRow): Promise<Rehearsal> {
  const { run, title, status, seq: events, purged } = row;
  if (purged !== undefined) return { run, title: '', status, events, verdict: 'purged', findings: [] };
  const findings = await findingsOf(store, run);
  return { run, title, status, events, verdict: findings.length === 0 ? 'same' : 'differs', findings };
}

/** A log that today's code cannot read, or cannot fold, is a finding like any other: the others are looked at all the same. */
async function findingsOf(store: EventStore, run: string): Promise<readonly RehearsalFinding[]> {
  try {
    await requireVerifiedRun(store, run);
    return findingsIn(await store.read(run));
  } catch (error) {
    const { reason, message } = failureOf(error);
    return [{ kind: 'log', reason: message, next: errorCatalogue[reason].next }];
  }
}

/** Of behaviour that is not known, nothing can be decided; so there is no more to say. */
function findingsIn(events: readonly RunEvent[]): readonly RehearsalFinding[] {
  const state = fold(events);
  if (state === undefined) return [];
  const flags = unknownFlags(state.manifest);
  if (flags.length > 0) {
    const { next } = errorCatalogue['unavailable/newer_run'];
    return [{ kind: 'flags', reason: `${flagsText(flags)}: not known to this version`, next }];
  }
  const { next } = errorCatalogue['unavailable/other_version'];
  const agents = changedAgents(state, installedAgents);
  return [
    ...agents.map((changed) => ({ kind: 'agent', reason: changeText(changed), next }) as const),
    ...verifyReplay(events).map(decisionFinding),
  ];
}

function decisionFinding(difference: ReplayDifference): RehearsalFinding {
  const { seq, afterFact } = difference;
  return {
    kind: 'decision',
    seq,
    afterFact,
    reason: differenceText(difference),
    next: 'Let the version that began it end the run, or put the change of behaviour behind a flag before you deploy.',
  };
}

/** What the log says and what would be decided today, in words: the first member that differs, where both say the same thing of the same. */
function differenceText({ recorded, decided }: Pick<ReplayDifference, 'recorded' | 'decided'>): string {
  if (recorded === undefined || decided === undefined || recorded.type !== decided.type)
    return `recorded ${nameOf(recorded)}, decided ${nameOf(decided)}`;
  const place = firstDifference(recorded, decided);
  return place === undefined
    ? `recorded ${nameOf(recorded)} twice`
    : `${nameOf(recorded)}: ${place.path} was recorded as ${place.recorded}, and is decided as ${place.decided}`;
}

function nameOf(payload: EventPayload | undefined): string {
  if (payload === undefined) return 'nothing';
  const of = 'node' in payload ? payload.node : 'approval' in payload ? payload.approval : undefined;
  return of === undefined ? payload.type : `${payload.type} of ${of}`;
}

interface Place {
  readonly path: string;
  readonly recorded: string;
  readonly decided: string;
}

/** Depth first, members by name. */
function firstDifference(recorded: unknown, decided: unknown, path = ''): Place | undefined {
  if (textOf(recorded) === textOf(decided)) return undefined;
  if (!isHolder(recorded) || !isHolder(decided))
    return { path: path === '' ? 'it' : path, recorded: textOf(recorded), decided: textOf(decided) };
  const [before, after] = [new Map(Object.entries(recorded)), new Map(Object.entries(decided))];
  for (const name of [...new Set([...before.keys(), ...after.keys()])].toSorted()) {
    const place = firstDifference(before.get(name), after.get(name), path === '' ? name : `${path}.${name}`);
    if (place !== undefined) return place;
  }
  return undefined;
}

function isHolder(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function textOf(value: unknown): string {
  return value === undefined ? 'absent' : canonicalJson(value);
}
