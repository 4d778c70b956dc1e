import { VltairError, type ErrorReason, type Manifest, type Workflow, type WorkflowNode } from '@vltair/protocol';
import { knownFlags } from './behaviour-flags.ts';
import { baseOf } from './definition.ts';
import { hasEnded, isSettled, nodeOf, type NodeState, type RunState } from './run-state.ts';

/** Agents by name, each with the digest of its declared identity. */
export type AgentDigests = Readonly<Record<string, string>>;

/** An agent that is another one here than the one that a run is pinned to; `installed` is absent where there is none. */
export interface ChangedAgent {
  readonly agent: string;
  readonly pinned: string;
  readonly installed: string | undefined;
}

/** Why a run has to be left alone by this version. */
export interface PinRefusal {
  readonly reason: Extract<ErrorReason, 'unavailable/newer_run' | 'unavailable/other_version'>;
  readonly detail: string;
}

/**
 * May this version work on the run? A run stays with what its manifest pins: behaviour that this version does not know
 * would be decided otherwise than recorded, and another agent would ask for other effects under the keys of recorded ones.
 * Agents that nothing of the run needs any more may be whatever they are.
 */
export function refusePinned(state: RunState, installed: AgentDigests): PinRefusal | undefined {
  const flags = unknownFlags(state.manifest);
  if (flags.length > 0) return { reason: 'unavailable/newer_run', detail: flagsText(flags) };
  const changed = changedAgents(state, installed);
  return changed.length === 0
    ? undefined
    : { reason: 'unavailable/other_version', detail: changed.map(changeText).join('; ') };
}

/**
 * A version that does not know how a run behaves writes nothing into its log, not even that it is cancelled.
 *
 * @throws VltairError `unavailable/newer_run`.
 */
export function checkFlags({ run, manifest }: RunState): void {
  const flags = unknownFlags(manifest);
  if (flags.length > 0) throw new VltairError('unavailable/newer_run', { detail: flagsText(flags), where: run });
}

/** Numbers of the manifest's behaviour flags that this version does not know, ascending. */
export function unknownFlags({ flags }: Manifest): readonly number[] {
  return flags.filter((flag) => !knownFlags.has(flag)).toSorted((left, right) => left - right);
}

/** Flags as people read them. */
export function flagsText(flags: readonly number[]): string {
  return `behaviour ${flags.length === 1 ? 'flag' : 'flags'} ${flags.join(', ')}`;
}

/** Those that the run still needs and that are others here, by name. */
export function changedAgents(state: RunState, installed: AgentDigests): readonly ChangedAgent[] {
  const { agents } = state.manifest;
  return [...neededAgents(state)].toSorted().flatMap((agent) => {
    const [pinned = '', here] = [agents[agent], installed[agent]];
    return pinned === (here ?? '') ? [] : [{ agent, pinned, installed: here }];
  });
}

/** A changed agent as people read it: both digests are cut, as `vltair show` cuts them. */
export function changeText({ agent, pinned, installed }: ChangedAgent): string {
  const here = installed === undefined ? 'there is none here' : `here it is ${shortDigest(installed)}`;
  return `${agent} is pinned to ${shortDigest(pinned)}, ${here}`;
}

export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

/** Everything of a workflow that an agent does, here and below. */
export function agentsOf(workflow: Workflow): ReadonlySet<string> {
  const flows = [workflow, ...Object.values(workflow.workflows ?? {})];
  const nodes = flows.flatMap((flow) => [...flow.nodes, ...(flow.finally ?? [])]);
  const named = nodes.flatMap(({ agent, compensate }) => [agent, compensate?.agent]);
  const proposed = flows.flatMap(({ taskAgents = [] }) => taskAgents);
  return new Set([...named, ...proposed].filter((agent) => agent !== undefined));
}

/** What may still be asked to work. Nothing of a run that has ended; a cancelled run ends whatever version its agents are. */
function neededAgents(state: RunState): ReadonlySet<string> {
  if (hasEnded(state) || state.cancel !== undefined) return new Set();
  const { workflow, ending } = state;
  const work = ending === undefined ? workflow.nodes.filter(({ id }) => mayRun(state, id)) : [];
  const cleanup = (workflow.finally ?? []).filter(({ id }) => !isSettled(nodeOf(state, id)));
  const undone = ending?.kind === 'succeeded' ? [] : workflow.nodes.filter(({ id }) => mayBeUndone(state, id));
  const proposed = work.length > 0 ? (workflow.taskAgents ?? []) : [];
  return new Set([
    ...[...work, ...cleanup].flatMap((node) => agentsBelow(workflow, node)),
    ...undone.flatMap(({ compensate }) => compensate?.agent ?? []),
    ...proposed,
  ]);
}

/** A node that has settled runs again only where a loop leads back to it. */
function mayRun(state: RunState, id: string): boolean {
  if (!isDone(nodeOf(state, id))) return true;
  const { regions } = state.plan;
  return regions.some(
    ({ nodes, latches }) => nodes.includes(id) && latches.some((latch) => !isDone(nodeOf(state, latch))),
  );
}

function isDone(node: NodeState): boolean {
  return isSettled(node) && node.route === undefined;
}

/** Its visits that succeeded, those that may yet, and those that are being undone. */
function mayBeUndone(state: RunState, id: string): boolean {
  if (state.undo.some(({ node }) => baseOf(node) === id)) return true;
  if (state.ending === undefined && mayRun(state, id)) return true;
  return Object.values(state.nodes).some(
    (node) => node.origin?.kind === 'undo' && baseOf(node.origin.of) === id && !isSettled(node),
  );
}

/** A child run is pinned by itself when it begins: until then its agents are those of its parent's manifest. */
function agentsBelow(workflow: Workflow, { agent, subrun }: WorkflowNode): readonly string[] {
  const own = agent === undefined ? [] : [agent];
  const { workflows = {} } = workflow;
  const below = subrun === undefined ? [] : Object.values(workflows).map((flow) => ({ ...flow, name: workflow.name }));
  return [...own, ...below.flatMap((flow) => [...agentsOf(flow)])];
}
