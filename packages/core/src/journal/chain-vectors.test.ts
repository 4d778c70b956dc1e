import { createPrivateKey } from 'node:crypto';
import { expect, test } from 'vitest';
import vectors from '../../../protocol/test/chain-vectors.json' with { type: 'json' };
import { storeKeyOf } from './signing-key.ts';
import { verifyExport } from './verify-export.ts';

const PKCS8_ED25519 = '302e020100300506032b657004220420';

test('the export of the frozen vectors verifies', () => {
  const bytes = Buffer.from(vectors.export.lines.map((line) => `${line}\n`).join(''));
  const { fingerprint } = vectors;
  expect(verifyExport(bytes, { fingerprint })).toMatchObject({
    kind: 'verified',
    count: 5,
    status: 'succeeded',
    fingerprint,
  });
});

test('the key of the frozen vectors signs what they hold', () => {
  const der = Buffer.from(PKCS8_ED25519 + vectors.seed, 'hex');
  const key = storeKeyOf(createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }));
  expect(key).toMatchObject({ publicKey: vectors.publicKey, fingerprint: vectors.fingerprint });
  expect(key.sign(vectors.commit.text)).toBe(vectors.commit.signature);
  expect(key.sign(vectors.export.footerText)).toBe(vectors.export.signature);
});
