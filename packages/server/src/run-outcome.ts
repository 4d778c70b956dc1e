import { catalogued } from '@vltair/agents';
import type { RunState } from '@vltair/core';
import type { AgentResult } from '@vltair/protocol';
import type { Desk } from './bring-to-rest.ts';
import { childWaitsOf, type ChildWait } from './child-waits.ts';
import { repositoryPathOf } from './repository-path.ts';

/** A run at rest, what its last node gave, and what its agents changed. */
export interface RunOutcome {
  readonly state: RunState;
  readonly result: AgentResult['payload'] | undefined;
  readonly childWaits: readonly ChildWait[];
  /** What was proposed and accepted into the run's workspace, as a unified diff; empty when nothing was. */
  readonly diff: string;
  /** Where the run's directory lies in its git repository; empty at its top and outside of git, undefined when nobody knows the directory. */
  readonly repositoryPath: string | undefined;
}

/** What a run came to. `directory` is where its files were taken from, if that is known. */
export async function outcomeOf(desk: Desk, state: RunState, directory?: string): Promise<RunOutcome> {
  const created = (await desk.store.read(state.run))[0]?.payload;
  const treeBefore = created?.type === 'run.created' ? created.tree : undefined;
  return {
    state,
    result: lastResult(state),
    childWaits: await childWaitsOf(desk.store, state),
    diff: await differenceOf(desk, treeBefore, state.tree),
    repositoryPath: directory === undefined ? undefined : await repositoryPathOf(directory),
  };
}

async function differenceOf({ workspace }: Desk, before?: string, after?: string): Promise<string> {
  if (before === undefined || after === undefined || before === after) return '';
  return (await catalogued(workspace.diff(before, after))).text;
}

function lastResult({ workflow, nodes }: RunState): RunOutcome['result'] {
  return workflow.nodes.map(({ id }) => nodes[id]?.result).findLast((result) => result !== undefined);
}
