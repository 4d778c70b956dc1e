import { createPrivateKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { storeKeyOf } from './signing-key.ts';
import { verifyExport } from './verify-export.ts';

/** The frozen vectors lie with the format that they pin; they are data, read as such. */
const file = new URL('../../../protocol/test/chain-vectors.json', import.meta.url);
const vectors = z
  .object({
    seed: z.string(),
    publicKey: z.string(),
    fingerprint: z.string(),
    commit: z.object({ text: z.string(), signature: z.string() }),
    export: z.object({ lines: z.array(z.string()), footerText: z.string(), signature: z.string() }),
  })
  .parse(JSON.parse(readFileSync(file, 'utf8')));

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
