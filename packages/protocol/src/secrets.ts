/** Finds secrets in text that leaves the product: logs, telemetry, prompts, screens. Stored code, diffs, ids and ledger results are never altered. */
export interface RedactionSettings {
  /** Further prefixes of secret tokens, from VLTAIR_REDACT_PREFIXES, e.g. `acme_`. */
  readonly prefixes?: readonly string[];
  /** Fields replaced whole, per artifact kind, from VLTAIR_REDACT_FIELDS, e.g. `{ test_result: ['log'] }`. */
  readonly fields?: Readonly<Record<string, readonly string[]>>;
}

export const REDACTED = '<<REDACTED>>';

/** Shapes of well-known keys. Each is linear-time: no nested quantifiers, bounded look-ahead. */
const SHAPES: readonly RegExp[] = [
  /-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]{0,8192}?-----END [A-Z ]{0,30}PRIVATE KEY-----/g,
  /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/g,
  /\bgh[pousr]_[A-Za-z0-9]{36,255}\b/g,
  /\bgithub_pat_[A-Za-z0-9_]{22,255}\b/g,
  /\bglpat-[A-Za-z0-9_-]{20,64}\b/g,
  /\bsk-[A-Za-z0-9_-]{20,255}\b/g,
  /\bxox[abeoprs]-[A-Za-z0-9-]{10,255}\b/g,
  /\bnpm_[A-Za-z0-9]{36}\b/g,
  /\bAIza[0-9A-Za-z_-]{35}\b/g,
  /\beyJ[A-Za-z0-9_-]{8,2048}\.[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,1024}\b/g,
  /[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}/g,
];

/** `password = ...`, `Authorization: Bearer ...`, `scheme://user:pass@host`: the value goes, the name stays. */
const NAMED_VALUES: readonly RegExp[] = [
  /(\b[A-Za-z0-9_-]{0,40}(?:password|passwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)["']?\s{0,4}[:=]\s{0,4}["']?)([^\s"',;]{6,512})/gi,
  /(\b(?:authorization|x-api-token)["']?\s{0,4}[:=]\s{0,4}["']?(?:bearer |basic )?)([^\s"',;]{6,4096})/gi,
  /(\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@]{0,64}:)([^\s/@]{1,256})(?=@)/gi,
];

/** Long unbroken tokens are secrets when their characters are as mixed as random ones; hex digests and words are not. */
const TOKEN = /[A-Za-z0-9+/_-]{32,512}={0,2}/g;
const MIN_ENTROPY_BITS = 4.4;

/** Replaces what looks like a secret by `<<REDACTED>>`. The same text and settings give the same result. */
export function sanitizeText(text: string, settings: RedactionSettings = {}): string {
  let result = text;
  for (const shape of SHAPES) result = result.replace(shape, REDACTED);
  for (const prefix of settings.prefixes ?? []) result = result.replace(prefixed(prefix), REDACTED);
  for (const named of NAMED_VALUES) result = result.replace(named, `$1${REDACTED}`);
  return result.replace(TOKEN, (token) => (looksRandom(token) ? REDACTED : token));
}

/** An artifact with every string sanitised and the fields that the settings name for its kind replaced whole. */
export function sanitizeArtifact<T extends { readonly kind: string }>(
  artifact: T,
  settings: RedactionSettings = {},
): T {
  const hidden = new Set(settings.fields?.[artifact.kind] ?? []);
  const entries = Object.entries(artifact).map(([key, value]): [string, unknown] => {
    if (key === 'kind') return [key, value];
    return [key, hidden.has(key) ? REDACTED : sanitizeValue(value, settings)];
  });
  return Object.fromEntries(entries) as T;
}

/** Any plain value with every string in it sanitised. */
export function sanitizeValue(value: unknown, settings: RedactionSettings = {}): unknown {
  if (typeof value === 'string') return sanitizeText(value, settings);
  if (Array.isArray(value)) return value.map((item) => sanitizeValue(item, settings));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, sanitizeValue(member, settings)]));
}

function prefixed(prefix: string): RegExp {
  return new RegExp(`${RegExp.escape(prefix)}[A-Za-z0-9_-]{4,255}`, 'g');
}

function looksRandom(token: string): boolean {
  const mixed = /[a-z]/.test(token) && /[A-Z]/.test(token) && /[0-9]/.test(token);
  const pathLike = token.split('/').length > 3 || token.split(/[-_]/).every((part) => part.length < 16);
  return mixed && !pathLike && entropyBits(token) >= MIN_ENTROPY_BITS;
}

/** Shannon entropy per character, in bits. */
function entropyBits(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
