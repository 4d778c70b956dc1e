import type { Json } from '@vltair/protocol';
import type { Scalar } from '../query/filter.ts';
import type { Fields } from './field-index.ts';
import type { IndexedVersion } from './indexed-version.ts';

/**
 * What a filter may ask of a document: the members of its metadata that are a text, a number, true or false, or a list of
 * those, `$id` and `$kind`. Members of other shapes are given back with the answers, and cannot be asked for.
 */
export function fieldsOf({ id, kind, metadata }: Pick<IndexedVersion, 'id' | 'kind' | 'metadata'>): Fields {
  const fields = Object.entries(metadata).flatMap(([name, value]): [string, Scalar | readonly Scalar[]][] => {
    if (isScalar(value)) return [[name, value]];
    return Array.isArray(value) ? [[name, value.filter(isScalar)]] : [];
  });
  return Object.fromEntries([...fields, ['$id', id], ['$kind', kind]]); // any name is one of its own, also `__proto__`
}

function isScalar(value: Json): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value);
}
