import { type ExportLine, readPayload, VltairError } from '@vltair/protocol';
import type { EventStore, RunProjection, RunStatus } from '../ports/event-store.ts';
import { statusesAfter } from './run-status.ts';
import { type ExportVerdict, verifyExport } from './verify-export.ts';

export interface ImportOptions {
  /** Who should have signed the export. */
  readonly fingerprint: string | undefined;
  /** Takes what is whole of an export that was cut: nobody has signed for that, and the run is marked `unsigned`. */
  readonly dropTornTail: boolean;
}

export interface ImportedRun {
  readonly run: string;
  readonly count: number;
  /** The fingerprint, or `unsigned`. */
  readonly origin: string;
}

/**
 * Takes an export of another store into this one, hashes kept, to be read and replayed there; nothing can be appended to it.
 *
 * @throws VltairError the reason of the refusal, naming the line; `invalid_argument/run_exists`;
 * `unavailable/store_newer`.
 */
export async function importRun(store: EventStore, bytes: Uint8Array, options: ImportOptions): Promise<ImportedRun> {
  const { events, origin } = acceptedEvents(verifyExport(bytes, options), options);
  const first = events[0];
  if (first === undefined) throw new VltairError('invalid_argument/export_torn', { detail: 'not one event is whole' });
  const { run } = first.header;
  const outcome = await store.adopt({ lines: events, row: projectionOf(first, events), origin });
  if (outcome === 'exists') throw new VltairError('invalid_argument/run_exists', { detail: run });
  return { run, count: events.length, origin };
}

interface Accepted {
  readonly events: readonly ExportLine[];
  readonly origin: string;
}

function acceptedEvents(verdict: ExportVerdict, { dropTornTail }: ImportOptions): Accepted {
  if (verdict.kind === 'verified') return { events: verdict.events, origin: verdict.fingerprint };
  if (dropTornTail && verdict.reason === 'invalid_argument/export_torn')
    return { events: verdict.events, origin: 'unsigned' };
  throw new VltairError(verdict.reason, { detail: verdict.detail, where: `line ${verdict.line}` });
}

/** The run's row as far as its events tell; it joins no request of this store. */
function projectionOf(first: ExportLine, events: readonly ExportLine[]): RunProjection {
  const status: RunStatus = statusesAfter(events.map((event) => event.header.type)).at(-1) ?? 'running';
  return {
    status,
    ...identityOf(first),
    joinKey: undefined,
    createdTs: first.header.ts,
    updatedTs: events.at(-1)?.header.ts ?? first.header.ts,
    failure: failureOf(events),
    wakeTs: undefined,
  };
}

function identityOf({ header, payload }: ExportLine): Pick<RunProjection, 'workflow' | 'title' | 'traceId'> {
  const created = payload === undefined ? undefined : readPayload(header, payload);
  if (created?.type !== 'run.created') return { workflow: '', title: '', traceId: '' };
  return { workflow: created.workflow.name, title: created.title, traceId: created.traceId };
}

function failureOf(events: readonly ExportLine[]): RunProjection['failure'] {
  const last = events.findLast((event) => event.header.type === 'run.failed');
  const failed = last?.payload === undefined ? undefined : readPayload(last.header, last.payload);
  return failed?.type === 'run.failed' ? failed.failure : undefined;
}
