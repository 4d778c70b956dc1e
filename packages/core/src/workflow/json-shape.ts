import type { Json, JsonObject } from '@vltair/protocol';

/** Following `$ref`, and into alternatives, at most this deep: schemas may hold themselves. */
const MAX_DEPTH = 16;

/** The plain alternatives of a JSON Schema, with local references followed. Empty: it cannot be told. */
export function alternativesOf(schema: Json | undefined, root: JsonObject, depth = 0): readonly JsonObject[] {
  if (!isObject(schema) || depth > MAX_DEPTH) return [];
  const { $ref: reference, anyOf, oneOf } = schema;
  if (typeof reference === 'string') return alternativesOf(referenced(reference, root), root, depth + 1);
  const choices = anyOf ?? oneOf;
  if (!Array.isArray(choices)) return [schema];
  const found = choices.map((choice: Json) => alternativesOf(choice, root, depth + 1));
  return found.some((each) => each.length === 0) ? [] : found.flat();
}

export type Member =
  | { readonly kind: 'known'; readonly schema: JsonObject }
  /** It may be there or not: the schema does not say. */
  | { readonly kind: 'open' }
  | { readonly kind: 'missing'; readonly known: readonly string[] };

/** What a member of a value of the schema is. */
export function memberOf(schema: JsonObject, key: string, root: JsonObject): Member {
  const members = alternativesOf(schema, root).map((alternative) => memberOfPlain(alternative, key));
  if (members.length === 0 || members.some(({ kind }) => kind === 'open')) return { kind: 'open' };
  const known = members.flatMap((member) => (member.kind === 'known' ? [member.schema] : []));
  if (known.length > 0) return { kind: 'known', schema: known.length === 1 ? (known[0] ?? {}) : { anyOf: known } };
  return { kind: 'missing', known: members.flatMap((member) => (member.kind === 'missing' ? member.known : [])) };
}

/** A template does not reach into lists: what has no own member of that name has none. */
function memberOfPlain(schema: JsonObject, key: string): Member {
  const { properties, additionalProperties, allOf, not } = schema;
  const types = typesOf(schema);
  if (isComposed({ allOf, not })) return { kind: 'open' };
  if (types !== undefined && !types.includes('object') && !types.includes('array'))
    return { kind: 'missing', known: [] };
  if (types !== undefined && !types.includes('object')) return memberOfList(schema, key);
  const known = isObject(properties) ? properties : {};
  const member = Object.hasOwn(known, key) ? known[key] : undefined;
  if (member !== undefined) return isObject(member) ? { kind: 'known', schema: member } : { kind: 'open' };
  if (isObject(additionalProperties)) return { kind: 'known', schema: additionalProperties };
  return additionalProperties === false ? { kind: 'missing', known: Object.keys(known) } : { kind: 'open' };
}

function memberOfList({ items }: JsonObject, key: string): Member {
  if (!/^\d+$/.test(key)) return { kind: 'missing', known: [] };
  return isObject(items) ? { kind: 'known', schema: items } : { kind: 'open' };
}

function isComposed(parts: { readonly allOf: Json | undefined; readonly not: Json | undefined }): boolean {
  return parts.allOf !== undefined || parts.not !== undefined;
}

/** The types that a value may have; `undefined`: any. */
export function typesOf({ type, const: constant, enum: choices }: JsonObject): readonly string[] | undefined {
  if (typeof type === 'string') return [type];
  if (Array.isArray(type)) return type.map(String);
  if (constant !== undefined) return [typeOf(constant)];
  return Array.isArray(choices) ? [...new Set(choices.map((choice: Json) => typeOf(choice)))] : undefined;
}

export function typeOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return typeof value === 'number' && Number.isInteger(value) ? 'integer' : typeof value;
}

/** Whether a value of one of the types can be a value of the other ones. */
export function areCompatible(given: readonly string[], wanted: readonly string[]): boolean {
  const widened = (types: readonly string[]) =>
    types.flatMap((type) => (type === 'number' ? ['number', 'integer'] : [type]));
  const accepted = widened(wanted);
  return widened(given).some((type) => accepted.includes(type));
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function referenced(reference: string, root: JsonObject): Json | undefined {
  if (!reference.startsWith('#')) return undefined;
  let current: Json | undefined = root;
  for (const step of reference.split('/').slice(1)) {
    const key = decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~');
    current = isObject(current) && Object.hasOwn(current, key) ? current[key] : undefined;
  }
  return current;
}
