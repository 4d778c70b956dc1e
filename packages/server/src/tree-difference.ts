import { catalogued, openWorkspace } from '@vltair/agents';

/** What lies between two trees of a data directory, as a unified diff. */
export async function differenceOfTrees(dataDirectory: string, before: string, after: string): Promise<string> {
  const workspace = await catalogued(openWorkspace({ dataDirectory }));
  return (await catalogued(workspace.diff(before, after))).text;
}
