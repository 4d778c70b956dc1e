/**
 * The hash behind the offline embedder: MurmurHash3 (x86, 32 bit; Austin Appleby, public domain) with one UTF-16 code
 * unit per block. Integer arithmetic alone, so that every engine gives the same bits. Not for security: whoever chooses
 * the text can choose its hash.
 */
export function hashUnits(units: Uint16Array, from: number, to: number, seed: number): number {
  let hash = seed;
  for (let index = from; index < to; index += 1) hash = mix(hash, units[index] ?? 0);
  return finish(hash ^ (to - from));
}

/** Of two hashes in their order. */
export function hashPair(first: number, second: number, seed: number): number {
  return finish(mix(mix(seed, first), second) ^ 2);
}

/** Takes one more block of 32 bits into a hash that is under way. */
export function mix(hash: number, block: number): number {
  const scrambled = Math.imul(rotated(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
  return (Math.imul(rotated(hash ^ scrambled, 13), 5) + 0xe6546b64) | 0;
}

/** Every bit of the result depends on every bit that came in. */
export function finish(hash: number): number {
  let bits = hash;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}

function rotated(bits: number, by: number): number {
  return (bits << by) | (bits >>> (32 - by));
}
