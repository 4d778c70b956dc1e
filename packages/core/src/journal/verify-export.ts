import {
  canonicalJson,
  type ErrorReason,
  type ExportFooter,
  exportFooterSchema,
  type ExportLine,
  exportLineSchema,
  fingerprintOf,
} from '@vltair/protocol';
import type { z } from 'zod';
import { type ChainPoint, chainPointOf, chainStart, faultOfLink } from './chain-check.ts';
import { isStatusAfter } from './run-status.ts';
import { sha256 } from './sha256.ts';
import { isSignedBy } from './signing-key.ts';

export type ExportVerdict = VerifiedExport | RefusedExport;

export interface VerifiedExport {
  readonly kind: 'verified';
  readonly run: string;
  readonly count: number;
  readonly head: string;
  readonly status: string;
  readonly fingerprint: string;
  /** How many events have lost their payload to a purge: the signature covers their digests alone. */
  readonly purged: number;
  readonly events: readonly ExportLine[];
}

export interface RefusedExport {
  readonly kind: 'refused';
  readonly reason: ErrorReason;
  /** From 1; the first that does not hold. */
  readonly line: number;
  readonly detail: string;
  /** The events before that line: they chain, but no signature was found to hold for them. */
  readonly events: readonly ExportLine[];
}

/** Why a file is refused, before its lines are known. */
interface Fault {
  readonly reason: ErrorReason;
  readonly line: number;
  readonly detail: string;
}

/**
 * Checks an export offline, from its bytes and the fingerprint of who should have signed it.
 *
 * V1 Every byte counts: a line is the canonical JSON of what it says, ended by one line feed; nothing follows the footer.
 * V2 Every line follows the one before in seq and hash, and its payload is what was hashed.
 * V3 The footer is signed by the pinned key, and names this run, this many events, this head, and the status that follows.
 */
export function verifyExport(
  bytes: Uint8Array,
  { fingerprint }: { readonly fingerprint: string | undefined },
): ExportVerdict {
  const { lines, rest } = splitLines(bytes);
  const { events, footer, fault } = readLines(lines);
  const found = fault ?? faultOfEnd(lines.length, rest) ?? faultOfFooter(footer, events, lines.length, fingerprint);
  if (found !== undefined) return { kind: 'refused', ...found, events };
  if (footer === undefined) return { kind: 'refused', ...missingFooter(lines.length + 1), events };
  const { run, count, head, status, publicKey } = footer.footer;
  const purged = events.filter((event) => event.payload === undefined).length;
  return { kind: 'verified', run, count, head, status, fingerprint: fingerprintOf(publicKey, sha256), purged, events };
}

const LINE_FEED = 0x0a;

function splitLines(bytes: Uint8Array): { readonly lines: readonly Uint8Array[]; readonly rest: Uint8Array } {
  const lines: Uint8Array[] = [];
  let start = 0;
  for (let end = bytes.indexOf(LINE_FEED); end !== -1; end = bytes.indexOf(LINE_FEED, start)) {
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return { lines, rest: bytes.subarray(start) };
}

interface ReadLines {
  readonly events: readonly ExportLine[];
  readonly footer: ExportFooter | undefined;
  readonly fault: Fault | undefined;
}

/** Reads up to the footer or the first line that does not hold (V1, V2). */
function readLines(lines: readonly Uint8Array[]): ReadLines {
  const events: ExportLine[] = [];
  let point: ChainPoint | undefined;
  for (const [index, bytes] of lines.entries()) {
    const line = parseLine(bytes);
    const altered = (detail: string): ReadLines => ({
      events,
      footer: undefined,
      fault: { reason: 'invalid_argument/export_altered', line: index + 1, detail },
    });
    if (line.kind === 'malformed') return altered(line.detail);
    if (line.kind === 'footer') {
      if (index + 1 === lines.length) return { events, footer: line.footer, fault: undefined };
      return altered('a footer stands before the end');
    }
    const detail = faultOfLink(line.event, point ?? chainStart(line.event.header.run));
    if (detail !== undefined) return altered(detail);
    events.push(line.event);
    point = chainPointOf(line.event);
  }
  return { events, footer: undefined, fault: undefined };
}

type ParsedLine =
  | { readonly kind: 'event'; readonly event: ExportLine }
  | { readonly kind: 'footer'; readonly footer: ExportFooter }
  | { readonly kind: 'malformed'; readonly detail: string };

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** V1. */
function parseLine(bytes: Uint8Array): ParsedLine {
  try {
    const text = utf8.decode(bytes);
    const value: unknown = JSON.parse(text);
    if (canonicalJson(value) !== text) return { kind: 'malformed', detail: 'it is not canonical JSON' };
    return classify(value);
  } catch (error) {
    // Not UTF-8, not JSON, or nothing that canonical JSON can hold: for a verifier that is one answer.
    return { kind: 'malformed', detail: `it is not canonical JSON: ${String(error)}` };
  }
}

function classify(value: unknown): ParsedLine {
  if (typeof value === 'object' && value !== null && 'footer' in value) {
    const footer = exportFooterSchema.safeParse(value);
    return footer.success ? { kind: 'footer', footer: footer.data } : malformed('a footer', footer.error);
  }
  const event = exportLineSchema.safeParse(value);
  return event.success ? { kind: 'event', event: event.data } : malformed('an event', event.error);
}

function malformed(what: string, { issues }: z.ZodError): ParsedLine {
  const where = issues.map((issue) => issue.path.join('.') || issue.message).join(', ');
  return { kind: 'malformed', detail: `it is not ${what}: ${where}` };
}

/** A file that ends without a line feed was cut, or something was added behind the footer. */
function faultOfEnd(lineCount: number, rest: Uint8Array): Fault | undefined {
  if (rest.length === 0) return undefined;
  return { reason: 'invalid_argument/export_torn', line: lineCount + 1, detail: 'it has no line end' };
}

function missingFooter(line: number): Fault {
  return { reason: 'invalid_argument/export_torn', line, detail: 'the signed footer is missing' };
}

/** V3. */
function faultOfFooter(
  signed: ExportFooter | undefined,
  events: readonly ExportLine[],
  line: number,
  fingerprint: string | undefined,
): Fault | undefined {
  if (signed === undefined) return missingFooter(line + 1);
  const { footer, signature } = signed;
  const signer = fingerprintOf(footer.publicKey, sha256);
  if (fingerprint === undefined) {
    return { reason: 'invalid_argument/key_not_pinned', line, detail: `the footer names the key ${signer}` };
  }
  if (signer !== fingerprint)
    return { reason: 'invalid_argument/export_key', line, detail: `it is signed by ${signer}, not ${fingerprint}` };
  const detail = isSignedBy(footer.publicKey, canonicalJson(footer), signature)
    ? faultOfStatement(footer, events)
    : 'the signature does not hold';
  return detail === undefined ? undefined : { reason: 'invalid_argument/export_altered', line, detail };
}

function faultOfStatement(footer: ExportFooter['footer'], events: readonly ExportLine[]): string | undefined {
  const last = events.at(-1);
  if (last === undefined) return 'there are no events';
  if (footer.run !== last.header.run) return `the footer is that of the run ${footer.run}`;
  if (footer.count !== events.length) return `the footer counts ${footer.count} events, there are ${events.length}`;
  if (footer.head !== last.hash) return 'the footer names another head';
  const types = events.map((event) => event.header.type);
  return isStatusAfter(footer.status, types)
    ? undefined
    : `the status ${footer.status} does not follow from the events`;
}
