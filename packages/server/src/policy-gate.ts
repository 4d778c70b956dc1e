import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { EffectGate, GateRequest } from '@vltair/core';
import { evaluatePolicy, parsePolicy, type Policy } from '@vltair/governance';
import { VltairError, type GateVerdict } from '@vltair/protocol';
import { parse } from 'yaml';
import { z } from 'zod';
import { detailIn } from './error-detail.ts';

/** The policy of a data directory, beside its store. */
const POLICY_FILE = 'policy.yaml';

const GONE = 'it was there and is gone; put it back, or start this process again to work without one';

/** What tells one version of the file from another. */
interface Stamp {
  readonly mtimeMs: number;
  readonly size: number;
  readonly inode: number;
}

/**
 * The policy file before every call. It is read again when it has changed: a worker that stays follows the rules as they
 * stand when a call is asked for. A file that cannot be read or understood lets no call through, nor does one that was
 * there and is gone: an editor may be writing it anew.
 */
export class PolicyGate implements EffectGate {
  readonly #path: string;
  #stamp: Stamp | undefined;
  #policy: Policy | undefined;

  /** @throws VltairError `invalid_argument/policy` for a file that is there and not understood. */
  constructor(dataDirectory: string, file = join(dataDirectory, POLICY_FILE)) {
    this.#path = file;
    this.#refresh();
  }

  evaluate(request: GateRequest): GateVerdict | undefined {
    this.#refresh();
    try {
      return this.#policy === undefined ? undefined : evaluatePolicy(this.#policy, request);
    } catch (error) {
      if (!(error instanceof VltairError)) throw error;
      throw new VltairError(error.reason, {
        ...detailIn(error.reason, error.message),
        where: this.#path,
        cause: error,
      });
    }
  }

  #refresh(): void {
    const stamp = stampOf(this.#path);
    if (
      stamp?.mtimeMs === this.#stamp?.mtimeMs &&
      stamp?.size === this.#stamp?.size &&
      stamp?.inode === this.#stamp?.inode
    )
      return;
    if (stamp === undefined) throw new VltairError('invalid_argument/policy', { detail: GONE, where: this.#path });
    this.#policy = readPolicy(this.#path);
    this.#stamp = stamp;
  }
}

function stampOf(path: string): Stamp | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : { mtimeMs: stat.mtimeMs, size: stat.size, inode: stat.ino };
}

function readPolicy(path: string): Policy {
  try {
    return parsePolicy(z.unknown().parse(parse(readFileSync(path, 'utf8'), { maxAliasCount: 100 })));
  } catch (error) {
    if (error instanceof VltairError)
      throw new VltairError('invalid_argument/policy', { ...detailIn(error.reason, error.message), where: path });
    const detail = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw new VltairError('invalid_argument/policy', { detail, where: path, cause: error });
  }
}
