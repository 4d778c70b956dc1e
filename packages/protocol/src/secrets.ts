/** Finds secrets in text that a program printed or that people read: logs, messages, prompts, screens. Code, diffs, hashes and ids are never altered. */
export interface RedactionSettings {
  /** Further prefixes of secret tokens, from VLTAIR_REDACT_PREFIXES, e.g. `acme_`. */
  readonly prefixes?: readonly string[];
  /** Texts replaced whole, per artifact kind, from VLTAIR_REDACT_FIELDS, e.g. `{ test_result: ['log'] }`. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
}

export const REDACTED = '<<REDACTED>>';

/**
 * Shapes of well-known keys. Each is linear-time: no nested quantifiers, bounded look-ahead; what has no bound begins
 * where a run of its own characters does, or takes all of the run, so that no character is looked at twice.
 */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[^-]|-(?!----)){0,16384}-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,}/g,
  /\bgithub_pat_[A-Za-z0-9_]{22,}/g,
  /\bglpat-[A-Za-z0-9_-]{20,}/g,
  /\bsk-(?=[a-z_-]{0,20}[A-Z0-9])[A-Za-z0-9_-]{20,}/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,}/g,
  /\bnpm_[A-Za-z0-9]{36}(?![A-Za-z0-9_-])/g,
  /\bAIza[0-9A-Za-z_-]{35}(?![A-Za-z0-9_-])/g,
  /(?<![A-Za-z0-9_-])eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}/g,
  // the host is no version number: `vitest@5.1.0-beta.rc` is no address
  /(?<![A-Za-z0-9._%+-])[A-Za-z0-9._%+-]{1,64}@(?!\d+\.)(?:[A-Za-z0-9-]{1,63}\.){1,8}[A-Za-z]{2,24}\b/g,
];

/**
 * `"password": "..."`, `DB_PASSWORD=...`, `Authorization: Bearer ...`, `scheme://user:pass@host`: the value goes, the
 * name stays. A value without quotes must hold a digit, or belong to a name in capitals, and no bracket or dot call, so
 * that `token = nextToken()` and `password: string` stay.
 */
const NAMED_VALUES: readonly RegExp[] = [
  /((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,4}[:=]\s{0,4}(["']))[^"'\s]{6,}(?=\2)/gi,
  /((?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,4}[:=]\s{0,4})(?=[^\s"'`,;(){}[\]<>.]{0,64}\d)[^\s"'`,;(){}[\]<>.]{6,}(?![\w.([{<])/gi,
  /((?:PASSWORD|PASSWD|SECRET|TOKEN|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY)=)[^\s"'`,;(){}[\]<>]{6,}/g,
  /(\b(?:authorization|x-api-token)["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer |basic ))[A-Za-z0-9+/=._~-]{8,}/gi,
  /((?<![a-z0-9+.-])[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,64}:)[^\s/@<>]{1,256}(?=@)/gi,
];
const SECRET_NAME = /(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|authorization)$/i;

/** Long unbroken tokens are secrets when their characters are as mixed as random ones; hex digests and words are not. */
const TOKEN = /[A-Za-z0-9+/_-]{32,}={0,2}/g;
const MIN_ENTROPY_BITS = 4.4;
/** Random letters and digits change between lower case, upper case and digit at six places of ten, camelCase words at three or four. */
const MIN_CHANGES = 0.45;

/** Replaces what looks like a secret by `<<REDACTED>>`. The same text and settings give the same result. */
export function sanitizeText(text: string, settings: RedactionSettings = {}): string {
  let result = text;
  for (const shape of SHAPES) result = result.replace(shape, REDACTED);
  for (const prefix of settings.prefixes ?? []) result = result.replace(prefixed(prefix), REDACTED);
  for (const named of NAMED_VALUES) result = result.replace(named, `$1${REDACTED}`);
  return result.replace(TOKEN, (token) => (looksRandom(token) ? REDACTED : token));
}

/** Any plain value with every string in it sanitised; the text of a member that is named like a secret goes whole. */
export function sanitizeValue(value: unknown, settings: RedactionSettings = {}): unknown {
  if (typeof value === 'string') return sanitizeText(value, settings);
  if (Array.isArray(value)) return value.map((item) => sanitizeValue(item, settings));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sanitizeMember(key, member, settings)]));
}

function sanitizeMember(key: string, member: unknown, settings: RedactionSettings): unknown {
  const isSecret = typeof member === 'string' && member !== '' && SECRET_NAME.test(key);
  return isSecret ? REDACTED : sanitizeValue(member, settings);
}

function prefixed(prefix: string): RegExp {
  return new RegExp(`${RegExp.escape(prefix)}[A-Za-z0-9_-]{4,}`, 'g');
}

function looksRandom(token: string): boolean {
  if (/^sha(?:1|256|384|512)-/.test(token)) return false; // the integrity of a package, public by nature
  const mixed = /[a-z]/.test(token) && /[A-Z]/.test(token) && /[0-9]/.test(token);
  if (!mixed || token.split(/[-_/+]/).every((part) => part.length < 16)) return false;
  return changes(token) >= MIN_CHANGES && entropyBits(token) >= MIN_ENTROPY_BITS;
}

/** The share of neighbours that are of different classes. */
function changes(text: string): number {
  let count = 0;
  for (let index = 1; index < text.length; index += 1) {
    if (classOf(text.charCodeAt(index)) !== classOf(text.charCodeAt(index - 1))) count += 1;
  }
  return count / (text.length - 1);
}

function classOf(code: number): 'digit' | 'upper' | 'lower' | 'other' {
  if (code >= 0x30 && code <= 0x39) return 'digit';
  if (code >= 0x41 && code <= 0x5a) return 'upper';
  return code >= 0x61 && code <= 0x7a ? 'lower' : 'other';
}

/** Shannon entropy per character, in bits. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
