import { hash } from 'node:crypto';
import { canonicalJson, type Manifest, type Workflow } from '@vltair/protocol';
import { knownFlags } from '../machine/behaviour-flags.ts';
import { agentsOf, type AgentDigests } from '../machine/pinned.ts';

/** What a run of the workflow is pinned to by this version: all its behaviour, and the agents as they are here. */
export function makeManifest(workflow: Workflow, installed: AgentDigests): Manifest {
  const named = [...agentsOf(workflow)].toSorted();
  return {
    workflow: workflowDigest(workflow),
    agents: Object.fromEntries(named.map((agent) => [agent, installed[agent] ?? ''])),
    flags: [...knownFlags],
  };
}

/** A workflow does not change. */
const digests = new WeakMap<Workflow, string>();

/** Names a workflow by its content: SHA-256 over its canonical form, in hex. */
function workflowDigest(workflow: Workflow): string {
  const digest = digests.get(workflow) ?? hash('sha256', canonicalJson(workflow));
  digests.set(workflow, digest);
  return digest;
}
