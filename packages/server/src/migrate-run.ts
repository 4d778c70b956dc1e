import {
  admit,
  flagsText,
  loadState,
  makeManifest,
  migrationChanges,
  unknownFlags,
  type MigrationChanges,
} from '@vltair/core';
import { VltairError, type Manifest, type Workflow } from '@vltair/protocol';
import { installedAgents } from './installed-agents.ts';
import { manifestAtStart } from './left-alone.ts';
import { readingStore, type StoreOptions } from './open-store.ts';

/** What a migration would do to a run. */
export interface MigrationPlan extends MigrationChanges {
  readonly run: string;
  readonly from: NamedWorkflow;
  readonly to: NamedWorkflow;
  /** Agents whose pin changes, goes or comes: the digests before and after. */
  readonly agents: readonly {
    readonly agent: string;
    readonly before: string | undefined;
    readonly after: string | undefined;
  }[];
  /** Numbers of the behaviour flags that are on from then on, and were not before. */
  readonly flags: readonly number[];
}

interface NamedWorkflow {
  readonly name: string;
  readonly digest: string;
}

/** More runs than any store of one machine holds. */
const ALL = 1_000_000;

/**
 * What `migrate` would do here and now. Nothing is written.
 *
 * @throws VltairError `not_found/run`, and with what the owner of the run would refuse it for.
 */
export async function planMigration(options: StoreOptions, run: string, workflow: Workflow): Promise<MigrationPlan> {
  const state = await readingStore(options, async (store) => await loadState(store, run, options.warn));
  if (state === undefined) throw new VltairError('not_found/run', { detail: run });
  const manifest = makeManifest(workflow, installedAgents);
  const unknown = Object.keys(manifest.agents).find((agent) => installedAgents[agent] === undefined);
  if (unknown !== undefined) throw new VltairError('invalid_argument/unknown_agent', { detail: unknown });
  const flags = unknownFlags(state.manifest);
  if (flags.length > 0) throw new VltairError('unavailable/newer_run', { detail: flagsText(flags), where: run });
  const admission = admit(state, { type: 'migrate', by: '', workflow, manifest });
  if (admission.kind === 'refused') throw new VltairError(admission.reason, { detail: admission.detail, where: run });
  return {
    run,
    from: { name: state.workflow.name, digest: state.manifest.workflow },
    to: { name: workflow.name, digest: manifest.workflow },
    ...migrationChanges(state, { workflow, manifest }),
    agents: changedPins(state.manifest, manifest),
    flags: manifest.flags.filter((flag) => !state.manifest.flags.includes(flag)),
  };
}

function changedPins(before: Manifest, after: Manifest): MigrationPlan['agents'] {
  const names = [...new Set([...Object.keys(before.agents), ...Object.keys(after.agents)])].toSorted();
  return names.flatMap((agent) => {
    const pins = { agent, before: before.agents[agent], after: after.agents[agent] };
    return pins.before === pins.after ? [] : [pins];
  });
}

/**
 * The workflow that some run of the store was started with, by its digest or the beginning of it.
 *
 * @throws VltairError `not_found/workflow`, `invalid_argument/usage` for a beginning that several workflows share.
 */
export async function findWorkflow(options: StoreOptions, digest: string): Promise<Workflow> {
  return await readingStore(options, async (store) => {
    const runs = new Map<string, string>();
    for (const { run } of await store.runs({ limit: ALL })) {
      const found = (await manifestAtStart(store, run))?.workflow;
      if (found?.startsWith(digest) === true) runs.set(found, run);
    }
    const [run, ...others] = runs.values();
    if (run === undefined) throw new VltairError('not_found/workflow', { detail: `no run was started with ${digest}` });
    if (others.length > 0)
      throw new VltairError('invalid_argument/usage', {
        detail: `${digest} begins the digests of ${[...runs.keys()].join(', ')}`,
        where: '--to',
      });
    const [created] = await store.read(run);
    if (created?.payload.type !== 'run.created') throw new VltairError('not_found/workflow', { detail: digest });
    return created.payload.workflow;
  });
}
