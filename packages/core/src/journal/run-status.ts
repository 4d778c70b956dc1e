import type { EventType } from '@vltair/protocol';
import type { RunStatus } from '../ports/event-store.ts';

/** The statuses that a run may have after the last event about itself: readable from types alone, so also when payloads are purged. */
const after: Partial<Readonly<Record<EventType, readonly RunStatus[]>>> = {
  'run.paused': ['paused'],
  'run.resumed': ['queued', 'running'],
  'retry.requested': ['queued', 'running'],
  'rollback.requested': ['queued', 'running'],
  'run.succeeded': ['succeeded'],
  'run.failed': ['failed'],
  'run.cancelled': ['cancelled'],
};
const undecided: readonly RunStatus[] = ['queued', 'running'];

/** The statuses that fit a stream of events of these types. */
export function statusesAfter(types: readonly string[]): readonly RunStatus[] {
  const last = types.findLast((type) => Object.hasOwn(after, type));
  const entry = Object.entries(after).find(([type]) => type === last);
  return entry?.[1] ?? undecided;
}

export function isStatusAfter(status: string, types: readonly string[]): boolean {
  return statusesAfter(types).some((allowed) => allowed === status);
}
