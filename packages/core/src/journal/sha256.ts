import { hash } from 'node:crypto';
import type { Sha256 } from '@vltair/protocol';

/** SHA-256 as this machine's library computes it, for the functions of the chain. */
export const sha256: Sha256 = (data) => hash('sha256', data);
