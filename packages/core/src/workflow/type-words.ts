import { typeOf } from './json-shape.ts';
import type { Json } from '@vltair/protocol';

const words: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  int: 'a whole number',
  integer: 'a whole number',
  null: 'nothing',
  number: 'a number',
  object: 'an object',
  record: 'an object',
  string: 'text',
};

/** A type of JSON Schema in the words of messages. */
export function typeWords(types: readonly string[]): string {
  return types.map((type) => words[type] ?? type).join(' or ');
}

/** What a value is, whatever it is. */
export function kindWords(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (typeof value === 'number') return 'a number';
  return typeWords([typeOf(value as Json)]);
}
