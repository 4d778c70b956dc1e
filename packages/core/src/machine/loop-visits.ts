import { failure, type Failure } from '@vltair/protocol';
import { definitionOf } from './definition.ts';
import type { LoopRegion } from './plan-graph.ts';
import { nodeOf, type RunState } from './run-state.ts';

/** The region that a route back restarts; `undefined` for a route forward. */
export function regionOfRoute(state: RunState, from: string, to: string): LoopRegion | undefined {
  return state.plan.regions.find(({ head, latches }) => head === to && latches.includes(from));
}

export function visitsLeft(state: RunState, head: string): boolean {
  const { visit, floor } = nodeOf(state, head);
  return visit - floor < definitionOf(state, head).maxVisits;
}

export function exhausted(state: RunState, head: string, wish: string, where: string): Failure {
  const { visit, floor } = nodeOf(state, head);
  const detail = `${head} has had ${visit - floor} of ${definitionOf(state, head).maxVisits} visits; ${wish}`;
  return failure('resource_exhausted/visits', { detail, where });
}
