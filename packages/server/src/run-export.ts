import { exportRun, importRun, verifyExport, verifyRun, type EventStore, type ImportedRun } from '@vltair/core';
import type { ErrorReason } from '@vltair/protocol';
import { fingerprintOf } from './store-status.ts';

export { exportRun, importRun, type ImportedRun };

/** What verifying an export or a stored run came to. */
export type Verification =
  | {
      readonly kind: 'verified';
      readonly run: string;
      readonly count: number;
      readonly head: string;
      readonly status: string;
      /** Of the key that signed it; `undefined` for a store without a commit. */
      readonly fingerprint: string | undefined;
      /** Events whose payload was purged. */
      readonly purged: number;
    }
  | { readonly kind: 'refused'; readonly reason: ErrorReason; readonly place: string; readonly detail: string };

/** Checks an export against the key that should have signed it. */
export function verifyExportedRun(bytes: Uint8Array, fingerprint: string | undefined): Verification {
  const verdict = verifyExport(bytes, { fingerprint });
  if (verdict.kind === 'refused') {
    return { kind: 'refused', reason: verdict.reason, place: `line ${verdict.line}`, detail: verdict.detail };
  }
  const { run, count, head, status, purged } = verdict;
  return { kind: 'verified', run, count, head, status, purged, fingerprint: verdict.fingerprint };
}

/** Checks a run where it is stored: by default against the key in the store's own key file. */
export async function verifyStoredRun(
  store: EventStore,
  run: string,
  pinned: readonly string[] = [fingerprintOf(store) ?? []].flat(),
): Promise<Verification> {
  if (pinned.length === 0) {
    const detail = 'the key of the store cannot be read, and none is pinned';
    return { kind: 'refused', reason: 'invalid_argument/key_not_pinned', place: 'event 0', detail };
  }
  const verdict = await verifyRun(store, run, pinned);
  if (verdict.kind === 'verified') return verdict;
  return { kind: 'refused', reason: verdict.reason, place: `event ${verdict.seq}`, detail: verdict.detail };
}
