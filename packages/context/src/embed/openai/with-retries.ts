import { VltairError } from '@vltair/protocol';
import { TryAgain } from './request-embeddings.ts';
import type { Endpoint } from './settings.ts';

type Patience = Pick<Endpoint, 'limits' | 'backoff'>;

const FIRST_WAIT_MS = 500;

/**
 * Makes attempts until one does. Between them it waits 0.5, 1, 2 s ..., each shortened by chance to between a half and
 * the whole of it, so that callers who failed together do not come back together; or as long as Retry-After says.
 *
 * @throws VltairError what the last attempt failed with; the reason of the signal
 */
export async function withRetries<Result>(
  { limits, backoff }: Patience,
  signal: AbortSignal,
  attempt: () => Promise<Result>,
): Promise<Result> {
  for (let number = 1; ; number += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof TryAgain)) throw error;
      const wait = waitAfter(error, number, { limits, backoff });
      if (number >= limits.attempts || wait > limits.waitMs) throw afterAll(error, number, wait);
      await paused(backoff.pause(wait, signal), signal);
    }
  }
}

/** How long an attempt is waited for, in milliseconds. */
function waitAfter({ retryAfter }: TryAgain, number: number, { limits, backoff }: Patience) {
  const asked = retryAfter === undefined ? undefined : askedWait(retryAfter, backoff.now());
  if (asked !== undefined) return asked;
  const most = Math.min(FIRST_WAIT_MS * 2 ** (number - 1), limits.waitMs);
  return Math.round(most * (0.5 + backoff.random() / 2));
}

/** Of seconds or a date (RFC 9110); undefined for what is neither. */
function askedWait(retryAfter: string, now: number): number | undefined {
  if (/^\d+$/.test(retryAfter)) return Number(retryAfter) * 1000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

function afterAll(last: TryAgain, attempts: number, wait: number): VltairError {
  const tries = attempts === 1 ? '1 attempt' : `${attempts} attempts`;
  const asked = last.retryAfter === undefined ? '' : `, asks to wait ${Math.ceil(wait / 1000)} s`;
  return new VltairError(last.reason, { detail: `${last.message} (${tries}${asked})`, cause: last });
}

/** A pause that was ended by the signal ends with the reason of the signal. */
async function paused(pause: Promise<unknown>, signal: AbortSignal): Promise<void> {
  try {
    await pause;
  } finally {
    signal.throwIfAborted();
  }
}
