import { digestPayload, type ExportLine, GENESIS, hashHeader } from '@vltair/protocol';
import { sha256 } from './sha256.ts';

/** A place in a run's chain: what the next line must follow. */
export interface ChainPoint {
  readonly run: string;
  readonly seq: number;
  readonly hash: string;
}

export function chainStart(run: string): ChainPoint {
  return { run, seq: 0, hash: GENESIS };
}

export function chainPointOf({ header, hash }: ExportLine): ChainPoint {
  return { run: header.run, seq: header.seq, hash };
}

/** What is wrong with a line that should follow `before`; `undefined` when nothing is. */
export function faultOfLink(line: ExportLine, before: ChainPoint): string | undefined {
  const { header } = line;
  if (header.run !== before.run) return `it belongs to the run ${header.run}, not ${before.run}`;
  if (header.seq !== before.seq + 1) return `its seq is ${header.seq} where ${before.seq + 1} follows`;
  if (header.previous !== before.hash) return 'it does not name the hash of the event before it';
  return faultOfLine(line);
}

/** What is wrong with a line by itself: its hash, or its payload against the digest in its header. */
export function faultOfLine(line: ExportLine): string | undefined {
  try {
    return faultOfHashes(line);
  } catch (error) {
    // A damaged column can hold what is no hex or no Unicode; such a line is as wrong as one with another hash.
    return `it cannot be hashed: ${String(error)}`;
  }
}

function faultOfHashes({ header, hash, payload, salt }: ExportLine): string | undefined {
  if (hashHeader(header, sha256) !== hash) return 'its hash is not that of its header';
  if ((payload === undefined) !== (salt === undefined)) return 'it has only one of payload and salt';
  if (payload === undefined || salt === undefined) return undefined;
  const isHashed = digestPayload(salt, payload, sha256) === header.payloadDigest;
  return isHashed ? undefined : 'its payload is not what was hashed';
}
