import { join } from 'node:path';
import { catalogued, type ApplyResult } from '@vltair/agents';
import type { RunState } from '@vltair/core';
import { bringToRest, type Desk, type Target } from './bring-to-rest.ts';
import { dataDirectoryOf } from './data-directory.ts';
import { applyFix, joinKeyOf, reportFix, targetOfFix, type FixReport, type FixRequest, type FixTarget } from './fix.ts';
import { planProject, type ProjectPlan } from './project-plan.ts';
import { putCommand } from './put-command.ts';
import type { SessionOptions } from './session.ts';

export interface FixOutcome {
  readonly report: FixReport;
  /** What became of `--apply`; absent when it was not asked for or there was nothing to apply. */
  readonly applied?: ApplyResult;
}

export interface FixSession extends Omit<SessionOptions, 'dataDirectory'> {
  readonly request: FixRequest;
  /** Who wants a successful repair written into the directory; `undefined`: nobody. */
  readonly appliedBy: string | undefined;
}

/** Repairs a project, in this process or, when another one owns the store of the project, through that one. */
export async function fixProject(session: FixSession): Promise<FixOutcome> {
  const { root } = await planProject(session.request.directory, session.request.test);
  const options = { ...session, dataDirectory: dataDirectoryOf(root, session.configuration) };
  return await bringToRest(options, {
    prepare: async (desk) => await prepare(desk, session),
    finish: async (desk, state) => await finish(desk, options, state),
  });
}

async function prepare(desk: Desk, { request, appliedBy }: FixSession): Promise<Target> {
  const known = appliedBy !== undefined && !request.isNew ? await knownRepair(desk, request) : undefined;
  if (known !== undefined) {
    const note = 'The same request over the same files was repaired by this run; applying its change.';
    return { run: known, note };
  }
  const target = await targetOfFix(desk, request);
  const note = [noteOnPlace(target.plan), noteOn(target.how)].filter((each) => each !== undefined).join(' ');
  return note === '' ? target : { ...target, note };
}

/** A finished run of the same request over the same files: its change need not be searched for again. */
async function knownRepair({ workspace, store }: Desk, request: FixRequest): Promise<string | undefined> {
  const plan = await planProject(request.directory, request.test);
  const joinKey = joinKeyOf(plan, await catalogued(workspace.capture(plan.root)));
  const [row] = await store.runs({ joinKey, statuses: ['succeeded'], limit: 1 });
  return row?.run;
}

async function finish(desk: Desk, options: SessionOptions & FixSession, state: RunState): Promise<FixOutcome> {
  const report = await reportFix(desk, state);
  const { appliedBy: by } = options;
  if (by === undefined || state.status !== 'succeeded' || report.diff === '') return { report };
  const applied = await applyFix(desk, state, report, async (change) => {
    await putCommand(options, state.run, { type: 'record_applied', applied: { by, ...change } });
  });
  return { report, applied };
}

function noteOnPlace({ instead, root, packagePath }: ProjectPlan): string | undefined {
  return instead === undefined
    ? undefined
    : `There are no tests in ${instead}; taking the project around it, ${join(root, packagePath)}.`;
}

function noteOn(how: FixTarget['how']): string | undefined {
  switch (how.kind) {
    case 'started':
      return undefined;
    case 'joined':
      return 'The same request has an unfinished run; going on with it.';
    case 'expired':
      return `The unfinished run ${how.earlier} has passed its deadline and fails by that; this is a new one.`;
    case 'superseded':
      return `The files have changed since the unfinished run ${how.earlier}; this is a new one.`;
  }
}
