import { canonicalJson, CHAIN_FORMAT, type ExportStatement, VltairError } from '@vltair/protocol';
import type { EventStore, LogEntry } from '../ports/event-store.ts';
import { chainPointOf, chainStart, faultOfLink } from './chain-check.ts';

const PAGE = 500;

/**
 * The lines of a run's export, each with its line end: one for each event, then the footer that the store signs. Events
 * that are appended meanwhile are not part of it.
 *
 * @throws VltairError `not_found/run`; `internal/chain_broken`: what does not verify is not signed.
 */
export async function* exportRun(store: EventStore, run: string): AsyncGenerator<string, void, undefined> {
  const row = await store.run(run);
  if (row === undefined) throw new VltairError('not_found/run', { detail: run });
  let point = chainStart(run);
  while (point.seq < row.seq) {
    const page = await store.entries(run, point.seq, Math.min(PAGE, row.seq - point.seq));
    if (page.length === 0) throw brokenAt(run, point.seq + 1, 'it is missing');
    for (const entry of page) {
      const fault = faultOfLink(entry, point);
      if (fault !== undefined) throw brokenAt(run, point.seq + 1, fault);
      point = chainPointOf(entry);
      yield lineOf(entry);
    }
  }
  const { publicKey } = store.signer();
  yield footerLine(store, {
    format: CHAIN_FORMAT,
    run,
    count: point.seq,
    head: point.hash,
    status: row.status,
    publicKey,
  });
}

function lineOf({ header, hash, payload, salt }: LogEntry): string {
  return `${canonicalJson({ header, hash, payload, salt })}\n`;
}

function footerLine(store: EventStore, footer: ExportStatement): string {
  return `${canonicalJson({ footer, signature: store.signer().sign(canonicalJson(footer)) })}\n`;
}

function brokenAt(run: string, seq: number, fault: string): VltairError {
  return new VltairError('internal/chain_broken', {
    detail: `event ${seq} of run ${run}: ${fault}`,
    where: `${run}:${seq}`,
  });
}
