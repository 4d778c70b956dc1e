import { Environment } from '@marcbachmann/cel-js';
import type { Json, JsonObject } from './canonical-json.ts';
import { VltairError } from './errors.ts';
import { Meter } from './expression-meter.ts';
import { checkRules } from './expression-rules.ts';

/**
 * Expressions in CEL, the Common Expression Language: conditions of workflows, and what the transform agent computes.
 *
 * X1 The same text and values give the same result for ever: no clock, no random, no I/O, and no function that asks for
 *    the machine's time zone.
 * X2 An expression cannot run away: its length, its depth and the nesting of its comprehensions are bounded, what it does
 *    is metered, and `matches()`, which backtracks, does not exist.
 * X3 Own members of plain data alone are reached.
 */
export interface Expression {
  readonly text: string;
  /** The names at the roots of what it reads, sorted: `scan` of `scan.output.total > 0`. */
  readonly references: readonly string[];
}

const MAX_LENGTH = 4_096;
/** Of the values that an expression reads. */
const MAX_DEPTH = 200;
const CACHE_SIZE = 1_000;
/** Of a message, and of the part of the expression that it shows. */
const MESSAGE_LENGTH = 200;
const EXCERPT_LENGTH = 80;

interface Compiled extends Expression {
  readonly meter: Meter;
  readonly run: (values: Map<string, unknown>) => unknown;
}

const environment = makeEnvironment();
/** What the library knows by itself: names of types, which no value can have. */
const TYPE_NAMES: ReadonlySet<string> = new Set(environment.getDefinitions().variables.map(({ name }) => name));
const cache = new Map<string, Compiled>();

/** @throws VltairError `invalid_argument/expression`, naming the column. */
export function parseExpression(text: string): Expression {
  const { references } = compile(text);
  return { text, references };
}

/** Whole numbers are ints, others doubles; both mix. @throws VltairError `invalid_argument/expression`, naming what is wrong. */
export function evaluateExpression(expression: Expression | string, values: JsonObject): Json {
  const { run, text, references, meter } = compile(typeof expression === 'string' ? expression : expression.text);
  const known = references.filter((name) => Object.hasOwn(values, name));
  try {
    const given = new Map(known.map((name) => [name, fromJson(values[name] ?? null, MAX_DEPTH)]));
    meter.start();
    const result = run(given);
    if (meter.refusal !== undefined) throw meter.refusal;
    meter.chargeDeep(result);
    return toJson(result);
  } catch (error) {
    throw refusal(error, text);
  }
}

/** @throws VltairError `invalid_argument/expression`, also when the result is neither true nor false. */
export function evaluateCondition(expression: Expression | string, values: JsonObject): boolean {
  const result = evaluateExpression(expression, values);
  if (typeof result === 'boolean') return result;
  const text = typeof expression === 'string' ? expression : expression.text;
  throw new VltairError('invalid_argument/expression', { detail: `neither true nor false: ${excerpt(text, 0)}` });
}

function compile(text: string): Compiled {
  const known = cache.get(text);
  if (known !== undefined) return known;
  const compiled = compileNew(text);
  if (cache.size >= CACHE_SIZE) cache.clear();
  cache.set(text, compiled);
  return compiled;
}

function compileNew(text: string): Compiled {
  if (text.length > MAX_LENGTH)
    throw new VltairError('invalid_argument/expression', { detail: `${text.length} of ${MAX_LENGTH} characters` });
  try {
    const parsed = environment.parse(text);
    const meter = new Meter();
    const references = checkRules(parsed.ast, { typeNames: TYPE_NAMES, meter });
    return { text, meter, references, run: (values) => parsed(values) as unknown };
  } catch (error) {
    throw refusal(error, text);
  }
}

function makeEnvironment(): Environment {
  const made = new Environment({
    unlistedVariablesAreDyn: true,
    homogeneousAggregateLiterals: false,
    limits: { maxAstNodes: 2_000, maxDepth: 64, maxListElements: 1_000, maxMapEntries: 1_000, maxCallArguments: 16 },
  });
  made.registerOperator('int + double', (left: bigint, right: number) => Number(left) + right);
  made.registerOperator('double + int', (left: number, right: bigint) => left + Number(right));
  made.registerOperator('int - double', (left: bigint, right: number) => Number(left) - right);
  made.registerOperator('double - int', (left: number, right: bigint) => left - Number(right));
  made.registerOperator('int * double', (left: bigint, right: number) => Number(left) * right);
  made.registerOperator('double * int', (left: number, right: bigint) => left * Number(right));
  made.registerOperator('int / double', (left: bigint, right: number) => Number(left) / right);
  made.registerOperator('double / int', (left: number, right: bigint) => left / Number(right));
  return made;
}

// --- X3: values

/** Data of the same shape that CEL understands: whole numbers as ints, objects as maps, which have no inherited members. */
function fromJson(value: Json, depth: number): unknown {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value;
  if (value === null || typeof value !== 'object') return value;
  if (depth === 0) throw new RangeError(`a value is nested more than ${MAX_DEPTH} deep`);
  if (Array.isArray(value)) return value.map((item: Json) => fromJson(item, depth - 1));
  return new Map(Object.entries(value).map(([key, member]) => [key, fromJson(member, depth - 1)]));
}

function toJson(value: unknown): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'bigint') return wholeNumber(value);
  if (typeof value === 'number') {
    if (Number.isFinite(value)) return value;
    throw new RangeError('the result is no finite number');
  }
  if (Array.isArray(value)) return value.map((item) => toJson(item));
  if (value instanceof Map) return Object.fromEntries([...value].map(([key, member]) => [String(key), toJson(member)]));
  if (typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype)
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, toJson(member)]));
  throw new TypeError('the result is no JSON value');
}

function wholeNumber(value: bigint): number {
  const number = Number(value);
  if (Number.isSafeInteger(number)) return number;
  throw new RangeError('the result is too large for an exact number');
}

// --- what a person is told

function refusal(error: unknown, text: string): VltairError {
  if (error instanceof VltairError) return error;
  const [line = ''] = (error instanceof Error ? error.message : String(error)).split('\n');
  const message = line.length > MESSAGE_LENGTH ? `${line.slice(0, MESSAGE_LENGTH)}...` : line;
  const start = startOf(error);
  const detail = `${message}${start === undefined ? '' : placeOf(text, start)}: ${excerpt(text, start ?? 0)}`;
  return new VltairError('invalid_argument/expression', { detail: detail.toWellFormed(), cause: error });
}

function startOf(error: unknown): number | undefined {
  const range = typeof error === 'object' && error !== null && 'range' in error ? error.range : undefined;
  const start = typeof range === 'object' && range !== null && 'start' in range ? range.start : undefined;
  return typeof start === 'number' ? start : undefined;
}

function placeOf(text: string, start: number): string {
  const lines = text.slice(0, start).split('\n');
  const column = ` at column ${(lines.at(-1)?.length ?? 0) + 1}`;
  return text.includes('\n') ? `${column} of line ${lines.length}` : column;
}

/** The part of an expression around a place, on one line. */
function excerpt(text: string, start: number): string {
  const from = text.length <= EXCERPT_LENGTH ? 0 : Math.max(0, start - EXCERPT_LENGTH / 2);
  const part = text.slice(from, from + EXCERPT_LENGTH).replaceAll(/\s+/g, ' ');
  return `${from === 0 ? '' : '...'}${part}${from + EXCERPT_LENGTH < text.length ? '...' : ''}`;
}
