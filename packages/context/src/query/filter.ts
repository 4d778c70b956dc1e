import { storedJson, VltairError, type Json, type JsonObject } from '@vltair/protocol';

/** What a field may hold and be compared with. */
export type Scalar = string | number | boolean;

/** One thing that is asked of a field. */
export type Condition =
  | { readonly op: 'eq'; readonly field: string; readonly value: Scalar }
  | { readonly op: 'ne'; readonly field: string; readonly value: Scalar }
  | { readonly op: 'gt' | 'gte' | 'lt' | 'lte'; readonly field: string; readonly value: Scalar }
  | { readonly op: 'in'; readonly field: string; readonly values: readonly Scalar[] }
  | { readonly op: 'nin'; readonly field: string; readonly values: readonly Scalar[] }
  | { readonly op: 'exists'; readonly field: string; readonly value: boolean };

/** A filter as it is evaluated: whatever form it was written in, an equal one is equal. */
export type Filter =
  | Condition
  | { readonly op: 'and' | 'or'; readonly parts: readonly Filter[] }
  | { readonly op: 'not'; readonly part: Filter };

/** Everything passes. */
export const PASS: Filter = { op: 'and', parts: [] };

/** Filters within filters. */
const MOST_DEPTH = 32;
/** Conditions of a filter, and values of a list. */
const MOST_PARTS = 1_024;
const MOST_VALUES = 10_000;

/**
 * Reads a filter: `{"lang": "ts"}`, `{"lines": {"gte": 10, "lt": 50}}`, `{"or": [...]}`, `{"not": {...}}`. Several fields, or
 * several operators of a field, all have to hold. Text is read as JSON.
 *
 * @throws VltairError `filters_invalid/filter` with the place, as in `or[1].lines.gte`
 */
export function parseFilter(given: unknown): Filter {
  const reader = new FilterReader();
  return canonical(reader.read(typeof given === 'string' ? jsonIn(given) : given, ''));
}

/** Reads `field=value` pairs, all of which have to hold. Numbers, `true` and `false` are what they look like; quotes make them text. */
export function filterOfPairs(pairs: readonly string[]): Filter {
  return canonical({ op: 'and', parts: pairs.flatMap(conditionsOfPair) });
}

/** The one text of a filter: equal filters have equal texts. */
export function filterText(filter: Filter): string {
  return storedJson(filterJson(filter));
}

/** The filter in the form in which it is written. */
export function filterJson(filter: Filter): JsonObject {
  switch (filter.op) {
    case 'and':
    case 'or':
      return filter === PASS || (filter.op === 'and' && filter.parts.length === 0)
        ? {}
        : { [filter.op]: filter.parts.map(filterJson) };
    case 'not':
      return { not: filterJson(filter.part) };
    case 'in':
    case 'nin':
      return { [filter.field]: { [filter.op]: filter.values } };
    default:
      return { [filter.field]: { [filter.op]: filter.value } };
  }
}

const OPERATORS = ['eq', 'ne', 'in', 'nin', 'gt', 'gte', 'lt', 'lte', 'range', 'exists'] as const;
type Operator = (typeof OPERATORS)[number];
const COMBINING = ['and', 'or', 'not'] as const;

class FilterReader {
  #parts = 0;

  read(given: unknown, at: string, depth = 0): Filter {
    if (!isObject(given)) throw invalid(at, `a filter is an object, not ${nameOf(given)}`);
    if (depth > MOST_DEPTH) throw invalid(at, `filters lie within each other at most ${MOST_DEPTH} deep`);
    const parts = Object.entries(given).map(([name, value]) => this.#member(name, value, join(at, name), depth));
    return { op: 'and', parts };
  }

  #member(name: string, value: unknown, at: string, depth: number): Filter {
    this.#count(at, 1);
    if (name === 'not') return { op: 'not', part: this.read(value, at, depth + 1) };
    if (name === 'and' || name === 'or') return { op: name, parts: this.#list(value, at, depth) };
    if (name === '' || !name.isWellFormed()) throw invalid(at, 'the name of a field is well-formed and not empty');
    if (isScalar(value)) return { op: 'eq', field: name, value: scalarIn(value, at) };
    if (!isObject(value))
      throw invalid(at, `a field is compared with a value or an object of operators, not ${nameOf(value)}`);
    const conditions = Object.entries(value).map(([op, operand]) => conditionOf(name, op, operand, join(at, op)));
    if (conditions.length === 0) throw invalid(at, 'no operator is given');
    return { op: 'and', parts: conditions.flat() };
  }

  #count(at: string, parts: number): void {
    this.#parts += parts;
    if (this.#parts > MOST_PARTS) throw invalid(at, `a filter has at most ${MOST_PARTS} conditions`);
  }

  #list(value: unknown, at: string, depth: number): readonly Filter[] {
    if (!Array.isArray(value)) throw invalid(at, `a list of filters is expected, not ${nameOf(value)}`);
    return value.map((part: unknown, index) => {
      this.#count(at, 1);
      return this.read(part, `${at}[${index}]`, depth + 1);
    });
  }
}

function conditionOf(field: string, op: string, operand: unknown, at: string): readonly Condition[] {
  if (!isOperator(op)) throw invalid(at, `no operator '${op}'; operators: ${[...OPERATORS, ...COMBINING].join(', ')}`);
  switch (op) {
    case 'in':
    case 'nin':
      return [{ op, field, values: valuesIn(operand, at) }];
    case 'exists':
      if (typeof operand !== 'boolean') throw invalid(at, `true or false is expected, not ${nameOf(operand)}`);
      return [{ op, field, value: operand }];
    case 'range':
      return rangeOf(field, operand, at);
    case 'eq':
    case 'ne':
      return [{ op, field, value: scalarIn(operand, at) }];
    default:
      return [{ op, field, value: orderedIn(operand, at) }];
  }
}

/** `[from, to]`, both of them in it. */
function rangeOf(field: string, operand: unknown, at: string): readonly Condition[] {
  if (!Array.isArray(operand) || operand.length !== 2) throw invalid(at, 'a range is [from, to]');
  const [from, to] = operand.map((each: unknown, index) => orderedIn(each, `${at}[${index}]`));
  if (from === undefined || to === undefined || typeof from !== typeof to)
    throw invalid(at, 'both ends of a range are numbers, or both are texts');
  return [
    { op: 'gte', field, value: from },
    { op: 'lte', field, value: to },
  ];
}

function valuesIn(operand: unknown, at: string): readonly Scalar[] {
  if (!Array.isArray(operand)) throw invalid(at, `a list of values is expected, not ${nameOf(operand)}`);
  if (operand.length > MOST_VALUES) throw invalid(at, `a list has at most ${MOST_VALUES} values`);
  return operand.map((value: unknown, index) => scalarIn(value, `${at}[${index}]`));
}

function orderedIn(value: unknown, at: string): Scalar {
  const scalar = scalarIn(value, at);
  if (typeof scalar === 'boolean') throw invalid(at, 'true and false have no order');
  return scalar;
}

function scalarIn(value: unknown, at: string): Scalar {
  if (!isScalar(value)) throw invalid(at, `a text, a number, true or false is expected, not ${nameOf(value)}`);
  if (typeof value === 'number' && !Number.isFinite(value)) throw invalid(at, 'numbers are finite');
  if (typeof value === 'string' && !value.isWellFormed()) throw invalid(at, 'texts are well-formed Unicode');
  return value;
}

/** Nothing within nothing: lists are flat, sorted, without repetition, and a list of one is that one. */
function canonical(filter: Filter): Filter {
  if (filter.op === 'not') return { op: 'not', part: canonical(filter.part) };
  if (filter.op === 'in' || filter.op === 'nin') return { ...filter, values: sortedBy(filter.values, storedJson) };
  if (filter.op !== 'and' && filter.op !== 'or') return filter;
  const { op } = filter;
  const parts = filter.parts.map(canonical).flatMap((part) => (part.op === op ? part.parts : [part]));
  const sorted = sortedBy(parts, filterText);
  const [only] = sorted;
  return sorted.length === 1 && only !== undefined ? only : { op, parts: sorted };
}

function sortedBy<T>(all: readonly T[], textOf: (one: T) => string): readonly T[] {
  const unique = new Map(all.map((one) => [textOf(one), one]));
  return [...unique].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function conditionsOfPair(pair: string): readonly Condition[] {
  const [, field, value] = /^([^=]+)=(.*)$/su.exec(pair) ?? [];
  if (field === undefined || value === undefined) throw invalid(pair, 'field=value is expected');
  if (isCombining(field.trim())) throw invalid(pair, `${COMBINING.join(', ')} are words of the grammar, and no fields`);
  return conditionOf(field.trim(), 'eq', scalarOfText(value), field);
}

function scalarOfText(text: string): Scalar {
  if (text === 'true' || text === 'false') return text === 'true';
  if (/^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text) && Number.isFinite(Number(text))) return Number(text);
  return /^".*"$/su.test(text) ? text.slice(1, -1) : text;
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw new VltairError('filters_invalid/filter', { detail: 'it is not JSON', cause });
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isScalar(value: unknown): value is Scalar {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isCombining(name: string): boolean {
  return COMBINING.some((each) => each === name);
}

function isOperator(name: string): name is Operator {
  return OPERATORS.some((each) => each === name);
}

function nameOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value === 'object') return Array.isArray(value) ? 'a list' : 'an object';
  return `a ${typeof value}`;
}

function join(at: string, name: string): string {
  return at === '' ? name : `${at}.${name}`;
}

function invalid(where: string, detail: string): VltairError {
  return new VltairError('filters_invalid/filter', { detail: where === '' ? detail : `${where}: ${detail}`, where });
}
