import type { Json } from '@vltair/protocol';
import type { Scalar } from '../query/filter.ts';
import type { Fields } from './field-index.ts';
import type { IndexedVersion } from './indexed-version.ts';

/**
 * What a filter may ask of a document: the members of its metadata that are a text, a number, true or false, or a list of
 * those, `$id` and `$kind`. Members of other shapes are given back with the answers, and cannot be asked for.
 */
export function fieldsOf({ id, kind, metadata }: Pick<IndexedVersion, 'id' | 'kind' | 'metadata'>): Fields {
  const fields: Record<string, Scalar | readonly Scalar[]> = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (isScalar(value)) fields[name] = value;
    else if (Array.isArray(value)) fields[name] = value.filter(isScalar);
  }
  return { ...fields, $id: id, $kind: kind };
}

function isScalar(value: Json): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
