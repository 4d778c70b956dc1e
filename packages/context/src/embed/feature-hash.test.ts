import { expect, test } from 'vitest';
import { finish, hashPair, hashUnits, mix } from './feature-hash.ts';

/** Known results of MurmurHash3 (x86, 32 bit) for blocks of four bytes, from its reference implementation. */
test.each([
  [0, [], 0, 0],
  [1, [], 0, 0x514e28b7],
  [0, [0xffffffff], 4, 0x76293b50],
  [0, [0x87654321], 4, 0xf55b516b],
  [0x5082edee, [0x87654321], 4, 0x2362f9de],
  [0, [0], 4, 0x2362f9de],
])('seed %i and blocks %j hash as in MurmurHash3', (seed, blocks, bytes, hash) => {
  const state = blocks.reduce((hashed, block) => mix(hashed, block), seed);
  expect(finish(state ^ bytes) >>> 0).toBe(hash);
});

test('a hash depends on seed, units, their order and their number', () => {
  const units = Uint16Array.of(1, 2, 0, 1, 2, 2, 1);
  expect(hashUnits(units, 3, 5, 0)).toBe(hashUnits(units, 0, 2, 0));
  const hashes = [
    hashUnits(units, 0, 2, 0),
    hashUnits(units, 0, 2, 1),
    hashUnits(units, 0, 3, 0),
    hashUnits(units, 5, 7, 0),
    hashUnits(units, 0, 0, 0),
    hashPair(1, 2, 7),
    hashPair(2, 1, 7),
  ];
  expect(new Set(hashes).size).toBe(hashes.length);
});
