import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { REDACTED, sanitizeText, sanitizeValue } from './secrets.ts';

const random = (length: number) => 'aB3xK9mQ7zR2wL5tY8pN4vH6jD1gS0fC'.repeat(20).slice(0, length);

describe('secrets are replaced', () => {
  test.each([
    ['AWS', 'AKIAIOSFODNN7EXAMPLE'],
    ['GitHub', `ghp_${random(36)}`],
    ['GitHub, of any length', `gho_${random(300)}`],
    ['GitHub, fine-grained', `github_pat_${random(60)}`],
    ['GitLab', `glpat-${random(20)}`],
    ['OpenAI', `sk-proj-${random(48)}`],
    ['Slack', `xoxb-${random(24)}`],
    ['npm', `npm_${random(36)}`],
    ['Google', `AIza${random(34)}-`],
    ['a JSON web token', `eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.${random(43)}`],
    ['an e-mail address', 'ann.lee+x@mail.example.org'],
    ['a private key', `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4\n${random(64)}\n-----END RSA PRIVATE KEY-----`],
    ['a random token', random(40)],
    ['a random token in base64', `${random(20)}/${random(20)}+${random(24)}==`],
  ])('%s', (_, secret) => {
    verifies('V-10');
    expect(sanitizeText(`before ${secret} after`)).toBe(`before ${REDACTED} after`);
  });

  test.each([
    ['password: "correct-horse"', `password: "${REDACTED}"`],
    ["apiKey = 'abcdefg'", `apiKey = '${REDACTED}'`],
    ['{"token":"abcdef"}', `{"token":"${REDACTED}"}`],
    ['DB_PASSWORD=correcthorse next', `DB_PASSWORD=${REDACTED} next`],
    ['password: hunter2', `password: ${REDACTED}`],
    [`secret=a1${'b'.repeat(2_000)}`, `secret=${REDACTED}`],
    ['Authorization: Bearer abc.def-ghi', `Authorization: Bearer ${REDACTED}`],
    ['authorization: Basic dXNlcjpwYXNz', `authorization: Basic ${REDACTED}`],
    ['postgres://ann:s3cret@db:5432/x', `postgres://ann:${REDACTED}@db:5432/x`],
  ])('the value of %s, not its name', (text, sanitised) => {
    verifies('V-10');
    expect(sanitizeText(text)).toBe(sanitised);
  });

  test('what has a prefix that the operator names', () => {
    verifies('V-10');
    expect(sanitizeText('acme_12345 and acme.x', { prefixes: ['acme_'] })).toBe(`${REDACTED} and acme.x`);
    expect(sanitizeText('a.c+12345', { prefixes: ['a.c+'] })).toBe(REDACTED);
    expect(sanitizeText('abcc12345', { prefixes: ['a.c+'] })).toBe('abcc12345');
  });

  test('texts in a value at every depth, and the text of a member that is named like a secret', () => {
    const value = { list: [{ text: 'ann@example.org' }], DB_PASSWORD: 'short', token: '', tokens: 5, count: 3 };
    expect(sanitizeValue(value)).toEqual({
      list: [{ text: REDACTED }],
      DB_PASSWORD: REDACTED,
      token: '',
      tokens: 5,
      count: 3,
    });
  });
});

describe('what is no secret is not altered', () => {
  test.each([
    'da39a3ee5e6b4b0d3255bfef95601890afd80709',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    'E3B0C44298FC1C149AFBF4C8996FB92427AE41E4',
    '01900000-0000-7000-8000-000000000001',
    '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    'sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==',
    'packages/core/src/machine/UserProfileSettingsPage2/verify-replay.test.ts:12:34',
    'src/components/UserProfile2/UserProfileSettingsPageContainer.tsx',
    'shouldReturnUtf8EncodedStringWhenGiven2ArgumentsAndABuffer',
    'const veryLongVariableNameForTheHttp2ConnectionPoolManager = 1;',
    'MAX_NUMBER_OF_CONCURRENT_CONNECTIONS_PER_HOST_V2',
    'const token = nextToken();',
    'token = tokens[0];',
    'function login(password: string, token: Token2<string>) {}',
    'const secret = config.secret2;',
    'token: this.lexer.token1,',
    'The secret: nothing at all. A password = something to remember.',
    'authorization: basic checks are done',
    'vitest@5.1.0 and lodash@4.17.21-beta.rc, @scope/name@1.0.0',
    'if (text.includes("-----BEGIN RSA PRIVATE KEY-----")) throw new Error("a key");',
    'git clone https://example.org:8080/a/b.git',
    'sk-learn-is-the-name-of-a-package-for-python',
    'maxTokens: 100000, tokenCount=123456',
  ])('%s', (text) => {
    verifies('V-10');
    expect(sanitizeText(text)).toBe(text);
  });

  test('a digest of any bytes', () => {
    verifies('V-10');
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 20, maxLength: 64 }), (bytes) => {
        const digest = Buffer.from(bytes).toString('hex');
        expect(sanitizeText(digest)).toBe(digest);
      }),
    );
  });

  test('a name made of words', () => {
    const words = fc.constantFrom('read', 'file', 'Http2', 'buffer', 'stream', 'utf8', 'response', 'handler', 'index');
    fc.assert(
      fc.property(
        fc.array(words, { minLength: 4, maxLength: 12 }),
        fc.constantFrom('', '_', '-', '/'),
        (list, joint) => {
          const name = list.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join(joint);
          expect(sanitizeText(name)).toBe(name);
        },
      ),
    );
  });
});

describe('redaction itself', () => {
  const piece = fc.oneof(
    fc.string(),
    fc.constantFrom(
      'password=',
      'token: "',
      'Bearer ',
      '@',
      '.org',
      'sk-',
      'ghp_',
      'eyJ',
      '://a:',
      '-----BEGIN PRIVATE KEY-----',
    ),
    fc.integer({ min: 1, max: 80 }).map(random),
  );

  test('done twice changes nothing more', () => {
    verifies('V-10');
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const once = sanitizeText(pieces.join(''));
        expect(sanitizeText(once)).toBe(once);
      }),
      { numRuns: 1_000 },
    );
  });

  test.each([
    'a',
    'a-',
    'aB3',
    'sk-',
    'eyJaaaaaaaa-',
    'eyJaaaaaaaa.',
    'token=',
    'token = a1',
    'password: "',
    'a@a.',
    'http://a:',
    'authorization: bearer ',
    '-----BEGIN PRIVATE KEY-----',
    ' ',
    'ghp_',
  ])('a megabyte of %j takes less than a second', (unit) => {
    const text = unit.repeat(Math.ceil(1_000_000 / unit.length));
    const begin = performance.now();
    sanitizeText(text);
    expect(performance.now() - begin).toBeLessThan(1_000);
  });
});
