import { VltairError, type ErrorReason } from '@vltair/protocol';

/** Of a shared store: another worker has the run, or may have it by now. At a later look it may be different. */
const WITH_ANOTHER = ['unavailable/fenced', 'unavailable/lease_lost', 'unavailable/run_held'] as const;

/** Reasons that lie in this process or its store: another owner, or a later turn, can do what was asked for. */
const NOT_NOW: ReadonlySet<ErrorReason> = new Set<ErrorReason>([
  ...WITH_ANOTHER,
  'internal/unexpected',
  'unavailable/disk_full',
  'unavailable/shutting_down',
  'unavailable/store_failed',
  'unavailable/store_full',
  'unavailable/store_locked',
  'unavailable/store_read_only',
  'unavailable/store_unreachable',
]);

/** Whether what was asked for is refused for good, whoever is asked. */
export function isRefusal(error: unknown): error is VltairError {
  return error instanceof VltairError && !NOT_NOW.has(error.reason);
}

/** Another worker was faster, lives, or has taken over what this process stood still over. */
export function isWithAnother(error: unknown): boolean {
  return error instanceof VltairError && WITH_ANOTHER.some((reason) => reason === error.reason);
}

/** Another living worker has the run. */
export function isHeld(error: unknown): boolean {
  return error instanceof VltairError && error.reason === 'unavailable/run_held';
}
