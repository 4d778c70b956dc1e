import canonicalize from 'canonicalize';

/** What JSON can hold. Everything that is stored, hashed or sent is of this type. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

/**
 * The one text of a JSON value (RFC 8785): keys sorted by UTF-16 code unit, separators `,` and `:` without spaces, raw
 * UTF-8. Members that are `undefined` or a function are left out, as `JSON.stringify` does.
 *
 * @throws TypeError for what JSON cannot hold: NaN, infinities, bigint, lone surrogates (see {@link wellFormed}), circles.
 */
export function canonicalJson(value: unknown): string {
  const text = serialised(value);
  if (text === undefined) throw new TypeError(`a value of type ${typeof value} has no canonical JSON`);
  return text;
}

function serialised(value: unknown): string | undefined {
  try {
    return canonicalize(value);
  } catch (cause) {
    throw new TypeError(`no canonical JSON: ${cause instanceof Error ? cause.message : 'unknown'}`, { cause });
  }
}

/** A copy in which every string, keys included, is well-formed Unicode (lone surrogates become U+FFFD) and `undefined` members are gone. */
export function wellFormed(value: unknown): Json {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'string') return value.toWellFormed();
  if (typeof value === 'number') return finite(value);
  if (Array.isArray(value)) return value.map((item) => (item === undefined ? null : wellFormed(item)));
  if (typeof value === 'object') return wellFormedObject(value);
  throw new TypeError(`a ${typeof value} cannot be stored as JSON`);
}

/** The canonical JSON of a {@link wellFormed} copy, without the copy: the text in which a value is stored. @throws TypeError as it does */
export function storedJson(value: unknown): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'number') return String(finite(value));
  if (Array.isArray(value)) return storedList(value);
  if (typeof value === 'object') return storedObject(value);
  throw new TypeError(`a ${typeof value} cannot be stored as JSON`);
}

function storedList(list: readonly unknown[]): string {
  let text = '';
  for (const item of list) text += `${text === '' ? '' : ','}${item === undefined ? 'null' : storedJson(item)}`;
  return `[${text}]`;
}

function storedObject(value: object): string {
  const members = value as Readonly<Record<string, unknown>>;
  let text = '';
  for (const key of Object.keys(value).sort()) {
    if (!key.isWellFormed()) return canonicalJson(wellFormed(value)); // its place may be another one
    const member = members[key];
    if (member !== undefined) text += `${text === '' ? '' : ','}${quoted(key)}:${storedJson(member)}`;
  }
  return `{${text}}`;
}

/** Text that stands for itself between quotes: neither quote, backslash nor control character, and no surrogate. */
const PLAIN = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

function quoted(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text.toWellFormed());
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new TypeError(`${value} cannot be stored as JSON; numbers are finite`);
  return value;
}

function wellFormedObject(value: object): JsonObject {
  const entries = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .map(([key, member]) => [key.toWellFormed(), wellFormed(member)] as const);
  return Object.fromEntries(entries);
}
