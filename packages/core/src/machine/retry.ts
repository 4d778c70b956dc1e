import type { Failure } from '@vltair/protocol';

const FIRST_DELAY_MS = 1_000;
const LONGEST_DELAY_MS = 60_000;

/** The wait before attempt `attempt` (2, 3, ...): 1, 2, 4 s ..., at most 60 s. */
function backoffMs(attempt: number): number {
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(attempt - 2, 16), LONGEST_DELAY_MS);
}

/** Whether another attempt may follow, and when. Only what the catalogue calls retryable is tried again, and never past the visit's deadline. */
export function nextAttempt(
  failure: Failure,
  attempt: number,
  limits: { readonly maxAttempts: number; readonly deadlineTs: number | undefined; readonly ts: number },
): { readonly attempt: number; readonly dueTs: number } | undefined {
  if (!failure.retryable || attempt >= limits.maxAttempts) return undefined;
  const dueTs = limits.ts + backoffMs(attempt + 1);
  if (limits.deadlineTs !== undefined && dueTs >= limits.deadlineTs) return undefined;
  return { attempt: attempt + 1, dueTs };
}
