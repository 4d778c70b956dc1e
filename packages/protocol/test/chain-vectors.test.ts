import { createPublicKey, hash, verify } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import {
  canonicalJson,
  CHAIN_FORMAT,
  commitStatementSchema,
  digestPayload,
  eventHeaderSchema,
  eventKinds,
  exportFooterSchema,
  exportLineSchema,
  fingerprintOf,
  hashHeader,
  merkleRoot,
  type Sha256,
} from '../src/index.ts';
import vectors from './chain-vectors.json' with { type: 'json' };

// When one of these fails, logs that exist no longer verify: the code is wrong, not the vector.
const sha256: Sha256 = (data) => hash('sha256', data);
const hashes = vectors.events.map((event) => event.hash);

test.for(vectors.events)('the header, payload digest and hash of event $header.seq are as frozen', (event) => {
  verifies('SP-9');
  const header = eventHeaderSchema.parse(event.header);
  expect(canonicalJson(header)).toBe(event.headerText);
  expect(canonicalJson(JSON.parse(event.payload))).toBe(event.payload);
  expect(digestPayload(event.salt, event.payload, sha256)).toBe(header.payloadDigest);
  expect(hashHeader(header, sha256)).toBe(event.hash);
  expect(header.previous).toBe(hashes[header.seq - 2] ?? '0'.repeat(64));
});

test('what is hashed of a header is its canonical JSON, whatever its words', () => {
  const words = fc.string({ unit: 'grapheme' });
  const header = fc.record({
    format: fc.constant(CHAIN_FORMAT),
    run: words,
    seq: fc.nat(),
    tenant: words,
    ts: fc.maxSafeNat(),
    kind: fc.constantFrom(...eventKinds),
    type: words,
    epoch: fc.nat(),
    payloadDigest: words,
    previous: words,
  });
  fc.assert(
    fc.property(header, (each) => {
      expect(hashHeader(each, String)).toBe(canonicalJson(each));
    }),
  );
});

test.for(Object.entries(vectors.merkleRoots))(
  'the Merkle root over the first %s hashes is as frozen',
  ([count, root]) => {
    expect(merkleRoot(hashes.slice(0, Number(count)), sha256)).toBe(root);
  },
);

test('there is no Merkle root of nothing', () => {
  expect(() => merkleRoot([], sha256)).toThrow(RangeError);
});

test('the fingerprint, the commit statement and its signature are as frozen', () => {
  const { statement, text, signature, next } = vectors.commit;
  expect(fingerprintOf(vectors.publicKey, sha256)).toBe(vectors.fingerprint);
  expect(canonicalJson(commitStatementSchema.parse(statement))).toBe(text);
  expect(isSigned(text, signature)).toBe(true);
  expect(sha256(Buffer.from(text))).toBe(next);
});

test('the lines of an export, its footer and its signature are as frozen', () => {
  verifies('V-18');
  const lines = vectors.export.lines.map((line): unknown => JSON.parse(line));
  for (const [index, event] of lines.slice(0, -1).entries()) {
    expect(canonicalJson(exportLineSchema.parse(event))).toBe(vectors.export.lines[index]);
  }
  const { footer, signature } = exportFooterSchema.parse(lines.at(-1));
  expect(canonicalJson(footer)).toBe(vectors.export.footerText);
  expect(signature).toBe(vectors.export.signature);
  expect(isSigned(canonicalJson(footer), signature)).toBe(true);
});

function isSigned(text: string, signature: string): boolean {
  const x = Buffer.from(vectors.publicKey, 'hex').toString('base64url');
  const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
  return verify(null, Buffer.from(text), key, Buffer.from(signature, 'hex'));
}
