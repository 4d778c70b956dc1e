import {
  canonicalJson,
  type EventKind,
  type ExportLine,
  kindOf,
  payloadText,
  VltairError,
  wellFormed,
} from '@vltair/protocol';
import type { ErrorReason } from '@vltair/protocol';
import {
  type AppendOutcome,
  type AppendRequest,
  type CommandAnswer,
  type ForeignRun,
  type InboxCommand,
  type PurgeMark,
  type RunProjection,
  type Snapshot,
  DEFAULT_TENANT,
} from '../ports/event-store.ts';
import type { SerialisedCommand } from './inbox-table.ts';
import { snapshotText } from './snapshot-table.ts';

/**
 * What the calling thread asks of the thread that commits: plain data whose payloads are already text (C3). All of them
 * go through one queue, so that they take effect in the order in which they were made.
 */
export type WriteRequest =
  | SerialisedAppend
  | {
      readonly kind: 'adopt';
      readonly lines: readonly ExportLine[];
      readonly row: RunProjection;
      readonly origin: string;
    }
  | { readonly kind: 'snapshot'; readonly run: string; readonly seq: number; readonly text: string }
  | { readonly kind: 'epoch' }
  | { readonly kind: 'send'; readonly command: SerialisedCommand }
  | { readonly kind: 'withdraw'; readonly id: string }
  | { readonly kind: 'answer'; readonly answers: readonly CommandAnswer[] };

export interface SerialisedAppend {
  readonly kind: 'append';
  readonly run: string;
  readonly tenant: string;
  readonly expectedSeq: number;
  readonly epoch: number;
  readonly events: readonly SerialisedEvent[];
  readonly row: RunProjection;
  readonly consumes: readonly string[];
  readonly parent: string | undefined;
  readonly purge: PurgeMark | undefined;
}

interface SerialisedEvent {
  readonly ts: number;
  readonly kind: EventKind;
  readonly type: string;
  readonly payload: string;
}

/** `failed` is an error of the catalogue as plain data: class instances do not cross threads. */
export type WriteReply =
  | AppendOutcome
  | { readonly kind: 'done' }
  | { readonly kind: 'exists' }
  | { readonly kind: 'epoch'; readonly epoch: number }
  | { readonly kind: 'failed'; readonly reason: ErrorReason; readonly detail: string };

/** @throws TypeError for what cannot be stored, before anything is queued: one bad request never fails the commit of others. */
export function serialiseAppend(request: AppendRequest): SerialisedAppend {
  const { run, tenant, expectedSeq, epoch, row, consumes = [], parent, purge } = request;
  const { events } = request;
  if (events.length === 0) throw new TypeError('an append has at least one event');
  if (!isName(run) || !isName(tenant)) throw new TypeError('run and tenant are well-formed and not empty');
  const common = { run, tenant, expectedSeq, epoch, row, consumes, parent, purge };
  return { kind: 'append', ...common, events: events.map(serialiseEvent) };
}

export function serialiseAdoption({ lines, row, origin }: ForeignRun): WriteRequest {
  return { kind: 'adopt', lines, row, origin };
}

export function serialiseSnapshot(snapshot: Snapshot): WriteRequest {
  return { kind: 'snapshot', run: snapshot.run, seq: snapshot.seq, text: snapshotText(snapshot) };
}

export function serialiseCommand(
  { id, run, command, ts, tenant }: InboxCommand,
  {
    claimedBy,
    ofStore = DEFAULT_TENANT,
  }: { readonly claimedBy: number | undefined; readonly ofStore: string | undefined },
): SerialisedCommand {
  return { id, run, command: canonicalJson(wellFormed(command)), ts, tenant: tenant ?? ofStore, claimedBy };
}

function serialiseEvent({ ts, payload }: AppendRequest['events'][number]): SerialisedEvent {
  if (!Number.isSafeInteger(ts) || ts < 0) throw new TypeError(`${ts} is not a time in whole milliseconds since 1970`);
  return { ts, kind: kindOf(payload), type: payload.type, payload: payloadText(payload) };
}

function isName(text: string): boolean {
  return text !== '' && text.isWellFormed();
}

/** The error that a `failed` reply stands for. */
export function errorOfReply({ reason, detail }: Extract<WriteReply, { kind: 'failed' }>): VltairError {
  return new VltairError(reason, { detail });
}
