import { canonicalJson, CHAIN_FORMAT, type ExportStatement } from '@vltair/protocol';
import type { EventStore, LogEntry } from '../ports/event-store.ts';
import { chainPointOf, chainStart, faultOfLink } from './chain-check.ts';
import { brokenRun, requireVerifiedRun } from './verify-run.ts';

const PAGE = 500;

/**
 * The lines of a run's export, each with its line end: one for each event, then the footer that the store signs. Events
 * that are appended meanwhile are not part of it. The run is verified against the store's own key before the first line,
 * and the head of that verdict, no other, is signed.
 *
 * @throws VltairError `not_found/run`; `internal/chain_broken`: what does not verify is not signed.
 */
export async function* exportRun(store: EventStore, run: string): AsyncGenerator<string, void, undefined> {
  const { count, head, status } = await requireVerifiedRun(store, run);
  let point = chainStart(run);
  while (point.seq < count) {
    const page = await store.entries(run, point.seq, Math.min(PAGE, count - point.seq));
    if (page.length === 0) throw brokenRun(run, point.seq + 1, 'it is missing');
    for (const entry of page) {
      const fault = faultOfLink(entry, point);
      if (fault !== undefined) throw brokenRun(run, point.seq + 1, fault);
      point = chainPointOf(entry);
      yield lineOf(entry);
    }
  }
  if (point.hash !== head) throw brokenRun(run, count, 'it was changed while it was exported');
  const { publicKey } = store.signer();
  yield footerLine(store, { format: CHAIN_FORMAT, run, count, head, status, publicKey });
}

function lineOf({ header, hash, payload, salt }: LogEntry): string {
  return `${canonicalJson({ header, hash, payload, salt })}\n`;
}

function footerLine(store: EventStore, footer: ExportStatement): string {
  return `${canonicalJson({ footer, signature: store.signer().sign(canonicalJson(footer)) })}\n`;
}
