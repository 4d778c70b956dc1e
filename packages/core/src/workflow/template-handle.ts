import type { Json, JsonObject } from '@vltair/protocol';

declare const standsFor: unique symbol;

/** Stands for a value that a run will have; in data it is its template, such as `{{scan.output.total}}`. */
export interface Template<T> {
  readonly [standsFor]: T;
}

/** A template whose members are templates, too. */
export type Handle<T> = Json extends T ? LooseHandle : Template<T> & Members<T>;
type Members<T> = T extends readonly (infer Item)[]
  ? { readonly [index: number]: Handle<Item> }
  : T extends object
    ? { readonly [Key in keyof T & string]-?: Handle<Exclude<T[Key], undefined>> }
    : unknown;

/** Of what nobody has described: it has every member, and fits everywhere. */
interface LooseHandle extends Template<never> {
  readonly [key: string]: LooseHandle;
}

/** A value of the type in which any part may be a template. */
export type Templated<T> = Json extends T
  ? TemplatedJson
  : JsonObject extends T
    ? TemplatedObject
    : Template<T> | (T extends readonly (infer Item)[] ? readonly Templated<Item>[] : TemplatedMembers<T>);
type TemplatedMembers<T> = T extends object ? { readonly [Key in keyof T]: Templated<T[Key]> } : T;

type TemplatedJson = Template<unknown> | string | number | boolean | null | readonly TemplatedJson[] | TemplatedObject;
export interface TemplatedObject {
  readonly [key: string]: TemplatedJson;
}

const references = new WeakMap<object, string>();

/** The handle of a reference such as `scan.output`. */
export function handleOf<T>(reference: string): Handle<T> {
  const template = `{{${reference}}}`;
  const handle = new Proxy(
    {},
    {
      get: (_, key) => {
        if (key === 'toJSON' || key === 'toString' || key === Symbol.toPrimitive) return () => template;
        return typeof key === 'symbol' ? undefined : handleOf<unknown>(`${reference}.${key}`);
      },
    },
  );
  references.set(handle, reference);
  return handle as Handle<T>;
}

/** A text with templates in it: text`of ${scan.output.total} files` is `of {{scan.output.total}} files`. */
export function text(words: TemplateStringsArray, ...values: readonly (Template<unknown> | string | number)[]): string {
  return joined(words, values, (value) => {
    return typeof value === 'object' ? `{{${referenceOf(value) ?? ''}}}` : String(value);
  });
}

/** A condition: cel`${scan.output.total} > ${0}` is `scan.output.total > 0`; what is no template stands there as a literal. */
export function cel(words: TemplateStringsArray, ...values: readonly (Template<unknown> | Json)[]): string {
  return joined(words, values, (value) => referenceOf(value) ?? JSON.stringify(value));
}

function joined<T>(words: TemplateStringsArray, values: readonly T[], textOf: (value: T) => string): string {
  return words.map((word, index) => [word, ...values.slice(index, index + 1).map(textOf)].join('')).join('');
}

function referenceOf(value: unknown): string | undefined {
  return typeof value === 'object' && value !== null ? references.get(value) : undefined;
}
