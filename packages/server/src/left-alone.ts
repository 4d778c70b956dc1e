import { hasEnded, loadState, refusePinned, unknownFlags, type EventStore, type RunState } from '@vltair/core';
import { failure, manifestSchema, type Failure, type Manifest } from '@vltair/protocol';
import { z } from 'zod';
import { installedAgents } from './installed-agents.ts';

/** A run that no process of this version works on, and why. */
export interface RunLeftAlone {
  readonly run: string;
  readonly failure: Failure;
}

/** Why this version leaves a run of its own store alone; `undefined` when it would work on it, or there is nothing left to do. */
export function whyLeftAlone(state: RunState): Failure | undefined {
  const refusal = hasEnded(state) ? undefined : refusePinned(state, installedAgents);
  return refusal === undefined ? undefined : failure(refusal.reason, { detail: refusal.detail });
}

/**
 * Of the newest unfinished runs of a store those that this version leaves alone, newest first. Only those are folded that
 * began with something else than what is installed.
 */
export async function runsLeftAlone(store: EventStore, limit: number): Promise<readonly RunLeftAlone[]> {
  const left: RunLeftAlone[] = [];
  for (const { run, origin } of await store.runs({ statuses: ['queued', 'running', 'paused'], limit })) {
    const manifest = origin === undefined ? await manifestAtStart(store, run) : undefined;
    if (manifest === undefined || fitsHere(manifest)) continue;
    const state = await loadState(store, run, () => {}); // what is wrong with a snapshot is said by who works on the run
    const why = state === undefined ? undefined : whyLeftAlone(state);
    if (why !== undefined) left.push({ run, failure: why });
  }
  return left;
}

function fitsHere(manifest: Manifest): boolean {
  const pins = Object.entries(manifest.agents);
  return unknownFlags(manifest).length === 0 && pins.every(([agent, pinned]) => installedAgents[agent] === pinned);
}

/** What is needed of the first event of a run to know what it was pinned to when it began. */
const beginningSchema = z.looseObject({ manifest: manifestSchema });

/** `undefined` for a run whose payloads were purged. */
export async function manifestAtStart(store: EventStore, run: string): Promise<Manifest | undefined> {
  const [first] = await store.entries(run, 0, 1);
  if (first?.payload === undefined) return undefined;
  const beginning = beginningSchema.safeParse(JSON.parse(first.payload));
  return beginning.success ? beginning.data.manifest : undefined;
}
