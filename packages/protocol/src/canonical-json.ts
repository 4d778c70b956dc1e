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
