import type { JsonObject } from '../canonical-json.ts';

/**
 * Old logs in new code (docs/decisions/0007-changing-an-event.md). The form of an event has a version: 1 when it was first
 * written, one more for each upcaster of its type. What is stored names its version as `v`, unless that is 1, and is
 * never written again: hashes and signatures hold for the bytes as they are, and whoever reads gets today's form.
 *
 * U1 A payload of version n passes the upcasters from n on, each once, in order; what they give says today's version, so
 *    that to upcast it again changes nothing.
 * U2 A version that is not known is refused, never guessed.
 */
export type Upcaster = (payload: JsonObject) => JsonObject;

/** By event type: the first makes version 2 of version 1. A list only grows, and what stands in it never changes. */
export type Upcasters = Readonly<Record<string, readonly Upcaster[]>>;

/** The version that a payload of this type is written in. */
function versionOf(upcasters: Upcasters, type: string): number {
  return 1 + upcastersOf(upcasters, type).length;
}

/** A payload in today's form with its version, as it is stored. */
export function stamp<T extends object>(upcasters: Upcasters, type: string, payload: T): T & { readonly v?: number } {
  const version = versionOf(upcasters, type);
  return version === 1 ? payload : { ...payload, v: version };
}

/** A payload as any version has stored it, as today's version would have. @throws RangeError U2 */
export function upcast(upcasters: Upcasters, type: string, stored: JsonObject): JsonObject {
  const version = storedVersionOf(stored);
  const known = versionOf(upcasters, type);
  if (version > known) throw new RangeError(`it is of version ${version}, and version ${known} is the newest known`);
  const later = upcastersOf(upcasters, type).slice(version - 1);
  const today = later.reduce((payload, step) => step(payload), withoutVersion(stored));
  return stamp(upcasters, type, today);
}

/** What a stored payload says, without its version. */
export function withoutVersion({ v: _version, ...payload }: JsonObject): JsonObject {
  return payload;
}

function upcastersOf(upcasters: Upcasters, type: string): readonly Upcaster[] {
  return Object.hasOwn(upcasters, type) ? (upcasters[type] ?? []) : [];
}

function storedVersionOf({ v: version = 1 }: JsonObject): number {
  if (typeof version === 'number' && Number.isSafeInteger(version) && version >= 1) return version;
  throw new RangeError(`its version is ${JSON.stringify(version)}, which is none`);
}
