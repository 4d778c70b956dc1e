import fc from 'fast-check';
import { expect, test } from 'vitest';
import { maskSecrets, secretLines } from './file-secrets.ts';

const token = `ghp_${'a1B2'.repeat(10)}`;
const block = `-----BEGIN RSA PRIVATE KEY-----\nMIIB\nAAAA\n-----END RSA PRIVATE KEY-----`;

test('a secret is masked and its line is known', () => {
  const text = `first\nconst token = '${token}';\nlast`;
  expect(maskSecrets(text)).toBe("first\nconst token = '<<REDACTED>>';\nlast");
  expect(secretLines(text)).toEqual([2]);
});

test('a private key is masked as a whole, and the lines after it keep their numbers', () => {
  const text = `a\n${block}\nb ${token}\n${block}\nc`;
  expect(maskSecrets(text)).toBe('a\n<<REDACTED>>\n\n\n\nb <<REDACTED>>\n<<REDACTED>>\n\n\n\nc');
  expect(secretLines(text)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

test('text without a secret stays as it is', () => {
  const text = 'const token = nextToken();\n-----BEGIN PRIVATE KEY-----\nno end\n';
  expect(maskSecrets(text)).toBe(text);
  expect(secretLines(text)).toEqual([]);
});

test('the number of lines never changes', () => {
  const part = fc.constantFrom(
    block,
    token,
    '\n',
    'text',
    '-----BEGIN PRIVATE KEY-----',
    '-----END PRIVATE KEY-----',
    'password = "hunter22"',
  );
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const text = parts.join(' ');
      expect(maskSecrets(text).split('\n')).toHaveLength(text.split('\n').length);
    }),
  );
});

test('many beginnings without an end are looked at once', () => {
  const text = '-----BEGIN PRIVATE KEY-----\n'.repeat(30_000);
  expect(maskSecrets(text)).toBe(text);
});
