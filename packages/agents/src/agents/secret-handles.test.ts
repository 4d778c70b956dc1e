import { describe, expect, test } from 'vitest';
import { SecretHandles } from './secret-handles.ts';

const CUT = /\n?\[cut\]$/;

function using(secret: string): SecretHandles {
  const secrets = new SecretHandles({ VLTAIR_SECRET_KEY: secret });
  secrets.resolve({ secret: 'KEY' });
  return secrets;
}

describe('a secret that comes back', () => {
  const secret = 'p"ss\\w/rd+ü';

  test.each([
    ['as it is', secret],
    ['in JSON', JSON.stringify({ seen: secret })],
    ['in JSON with escaped slashes', JSON.stringify(secret).replaceAll('/', String.raw`\/`)],
    ['in a URL', `https://example.com/?key=${encodeURIComponent(secret)}`],
  ])('%s is hidden', (_, text) => {
    const hidden = using(secret).hide(text);
    expect(hidden).toContain('<<REDACTED>>');
    expect(hidden).not.toMatch(/ss.*rd/);
  });

  test.each(['utf8', 'latin1'] as const)(
    'in bytes that are no text (%s) is hidden, and every other byte stays',
    (encoding) => {
      const [before, after] = [Buffer.from([0xff, 0x00]), Buffer.from([0x80, 0xfe])];
      const hidden = using(secret).hideBytes(Buffer.concat([before, Buffer.from(secret, encoding), after]));
      expect(hidden).toEqual(Buffer.concat([before, Buffer.from('<<REDACTED>>'), after]));
    },
  );

  test('is hidden whole where another is a part of it', () => {
    const secrets = new SecretHandles({ VLTAIR_SECRET_A: 'open', VLTAIR_SECRET_B: 'open-sesame' });
    for (const name of ['A', 'B']) secrets.resolve({ secret: name });
    expect(secrets.hide('say open-sesame, then open')).toBe('say <<REDACTED>>, then <<REDACTED>>');
  });
});

describe('a text that is cut', () => {
  test.each([
    ['in the middle of a secret', 'it is open-ses\n[cut]', 'it is <<REDACTED>>\n[cut]'],
    ['just before its last character', 'it is open-sesam\n[cut]', 'it is <<REDACTED>>\n[cut]'],
    ['after it', 'it is open-sesame\n[cut]', 'it is <<REDACTED>>\n[cut]'],
    ['where only a letter or two are the same', 'it is op\n[cut]', 'it is op\n[cut]'],
    ['nowhere', 'the door is open', 'the door is open'],
  ])('%s', (_, text, expected) => {
    expect(using('open-sesame').hideCut(text, CUT)).toBe(expected);
  });
});
