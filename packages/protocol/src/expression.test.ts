import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json, JsonObject } from './canonical-json.ts';
import { VltairError } from './errors.ts';
import { evaluateCondition, evaluateExpression, parseExpression } from './expression.ts';

/** What the expression is refused with. */
function refusalOf(text: string, values: JsonObject = {}): string {
  try {
    evaluateExpression(text, values);
  } catch (error) {
    if (error instanceof VltairError && error.reason === 'invalid_argument/expression')
      return error.message.replace(/^.*?: /, '');
    throw error;
  }
  throw new Error(`${text} is not refused`);
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

describe('values', () => {
  const scan: Json = { output: { total: 3, ratio: 0.5, names: ['a', 'b'], none: null }, signal: 'passed' };

  test.each<[string, Json]>([
    ['scan.output.total > 2 && scan.signal == "passed"', true],
    ['scan.output.total + 1', 4],
    ['scan.output.total * scan.output.ratio', 1.5],
    ['7 / 2', 3],
    ['7 % 2', 1],
    ['"b" in scan.output.names', true],
    ['"total" in scan.output', true],
    ['has(scan.output.total) && !has(scan.output.missing)', true],
    ['scan.output.names.map(name, name.upperAscii()).join("-")', 'A-B'],
    ['scan.output.names.filter(name, name != "a")', ['b']],
    ['scan.output.none == null ? "none" : "some"', 'none'],
    ['scan["output"]["total"]', 3],
    ['scan.output', scan['output'] ?? null],
    ['{"sum": 1 + 2, "list": [1, 2.5, "x", null]}', { sum: 3, list: [1, 2.5, 'x', null] }],
    ['size(scan.output.names) + "héllo".size()', 7],
    ['scan.output.names.exists(x, scan.output.names.all(y, x <= y))', true],
    ['scan.output == {"total": 3, "ratio": 0.5, "names": ["a", "b"], "none": null}', true],
    ['int("12") + int(3.9)', 15],
    ['string(12) + string(true)', '12true'],
  ])('%s', (text, expected) => {
    expect(evaluateExpression(text, { scan })).toEqual(expected);
  });

  test('a condition is true or false, and nothing else', () => {
    expect(evaluateCondition('scan.output.total == 3', { scan })).toBe(true);
    expect(evaluateCondition(parseExpression('scan.output.total == 4'), { scan })).toBe(false);
    expect(() => evaluateCondition('scan.output.total', { scan })).toThrow('neither true nor false');
  });

  test('any JSON value comes back as it was given, also with keys such as constructor and __proto__', () => {
    const names = fc.oneof(fc.string(), fc.constantFrom('__proto__', 'constructor', 'toString', 'size'));
    const { value } = fc.letrec<{ value: Json }>((tie) => ({
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.double({ noNaN: true, noDefaultInfinity: true }).filter((n) => !Object.is(n, -0) && !isLarge(n)),
        fc.string(),
        fc.array(tie('value')),
        fc.dictionary(names, tie('value')).map((entries) => Object.fromEntries(Object.entries(entries))),
      ),
    }));
    fc.assert(
      fc.property(value, (given) => {
        expect(JSON.stringify(evaluateExpression('x', { x: given }))).toBe(JSON.stringify(given));
        expect(evaluateExpression('x == y', { x: given, y: structuredClone(given) })).toBe(true);
      }),
    );
  });

  /** Outside of the range in which whole numbers are exact, a double stays a double. */
  const isLarge = (value: number): boolean => Math.abs(value) > Number.MAX_SAFE_INTEGER;

  test.each([
    ['9007199254740991 + 1', 'too large for an exact number'],
    ['9223372036854775807 + 1', 'overflow'],
    ['1.0 / 0.0', 'no finite number'],
    ['1 / 0', 'division by zero'],
    ['b"bytes"', 'no JSON value'],
    ['1u', 'no JSON value'],
  ])('%s has no result', (text, message) => {
    expect(refusalOf(text)).toContain(message);
  });
});

describe('references', () => {
  test.each<[string, readonly string[]]>([
    ['scan.output.total > input.limit', ['input', 'scan']],
    ['input.items.map(x, x.price * input.rate)', ['input']],
    ['items.exists(x, others.exists(y, x == y && z))', ['items', 'others', 'z']],
    ['x.filter(x, x > 1)', ['x']],
    ['{a: b, "c": [d]}[e]', ['a', 'b', 'd', 'e']],
    ['has(a.b) ? -c : !d', ['a', 'c', 'd']],
    ['1 + 1', []],
  ])('%s reads %j', (text, expected) => {
    expect(parseExpression(text).references).toEqual(expected);
  });
});

describe('X1: nothing of the machine', () => {
  test.each([
    'timestamp("2024-01-01T00:00:00.000")',
    'duration("1h")',
    'now()',
    'type(1)',
    'b"{}".json()',
    'x.getHours()',
    'cel.bind(x, 1, x)',
    'google.protobuf.Timestamp',
  ])('%s is refused when it is read', (text) => {
    expect(() => parseExpression(text)).toThrow(VltairError);
  });

  test('an evaluation costs the same the first time and ever after', () => {
    const cost = `items.map(x, x${' + 1'.repeat(20)}).size()`;
    const fits = (count: number, text: string): boolean => {
      try {
        return evaluateExpression(text, { items: [...numbers(count)] }) === count;
      } catch {
        return false; // the refusal is what is asked for
      }
    };
    let [most, tooMany] = [1, 100_000];
    while (tooMany - most > 1) {
      const middle = Math.floor((most + tooMany) / 2);
      if (fits(middle, cost)) most = middle;
      else tooMany = middle;
    }
    for (const fresh of [`${cost} `, ` ${cost}`]) {
      expect([fits(most, fresh), fits(most, fresh), fits(tooMany, fresh)]).toEqual([true, true, false]);
      expect(fits(tooMany, `${fresh} `)).toBe(false);
    }
  });
});

describe('X2: no expression runs away', () => {
  const items = [...numbers(10_000)];
  const long = 'a'.repeat(1_000_000);
  const deepest = (open: string, close: string, count: number): string =>
    open.repeat(count) + '1' + close.repeat(count);
  const doubled = (count: number): string => `[[1]]${'.map(v, [v, v])'.repeat(count)}`;
  const manyStrings = items.map((n) => `${n}`.padEnd(100, 'x'));

  test.each<[string, string, JsonObject]>([
    ['a product of lists', 'items.map(x, items.map(y, x * y))', { items }],
    ['a product under ||', 'items.exists(x, items.exists(y, x + y < 0) || false)', { items }],
    ['a product under all', 'items.all(x, items.all(y, x + y >= 0))', { items }],
    ['a chain of long comprehensions', `items${'.map(x, x + 1)'.repeat(60)}`, { items }],
    [
      'the keys of a map, again and again',
      'items.exists(x, !keys.exists(k, true))',
      {
        items,
        keys: Object.fromEntries(items.map((n) => [`k${n}`, n])),
      },
    ],
    [
      'a string that is concatenated',
      `items.map(x, ${Array.from({ length: 60 }, () => 'long').join(' + ')})`,
      { items, long },
    ],
    ['lists that are concatenated', `items.map(x, items + items)`, { items }],
    ['a join of one long string', 'items.map(x, long).join("")', { items, long }],
    ['a join with a long separator', 'names.join(long)', { names: manyStrings, long }],
    ['a long text searched for a long one', 'long.contains(part + "b")', { long, part: long.slice(500_000) }],
    ['a search in every turn', 'items.exists(x, long.contains("ab"))', { items, long }],
    ['a split into characters in every turn', 'items.map(x, long.split(""))', { items, long }],
    ['a deep value that shares its parts', doubled(60), {}],
    ['a comparison of such values', `${doubled(60)} == ${doubled(60)}`, {}],
    ['such a value in a list of them', `${doubled(50)} in [${doubled(50)}]`, {}],
    ['membership in every turn', 'items.filter(x, !(x in items)).size()', { items }],
    ['a conversion in every turn', 'items.map(x, size(long))', { items, long }],
  ])('%s', (_, text, values) => {
    const begin = performance.now();
    expect(refusalOf(text, values)).toMatch(/takes more than 1000000 steps/);
    expect(performance.now() - begin).toBeLessThan(3_000);
  });

  test.each([
    ['too long', '1 + '.repeat(2_000) + '1', 'of 4096 characters'],
    ['too deep', deepest('(', ')', 100), 'Exceeded maxDepth (64)'],
    ['lists too deep', deepest('[', ']', 100), 'Exceeded maxDepth (64)'],
    ['comprehensions too deep', 'a.all(x, a.all(y, a.all(z, true)))', 'nested more than 2 deep'],
    ['matches()', '"aaaa".matches("(a+)+$")', 'matches() is not allowed'],
    ['matches() of something', 'x.y.matches("a")', 'matches() is not allowed'],
  ])('%s is refused when it is read', (_, text, message) => {
    expect(() => parseExpression(text)).toThrow(message);
  });

  test('a value that is nested too deeply is refused, not overflowed', () => {
    let deep: Json = 1;
    for (let level = 0; level < 100_000; level += 1) deep = [deep];
    expect(refusalOf('deep == 1', { deep })).toContain('nested more than 200 deep');
    expect(evaluateExpression('1', { deep })).toBe(1);
  });

  test('large data is read as long as little is done with it', () => {
    const rows = items.map((id) => ({ id, name: `row ${id}`, tags: ['x', 'y'] }));
    expect(evaluateExpression('rows.filter(row, row.id % 1000 == 0 && "x" in row.tags).size()', { rows })).toBe(10);
    expect(evaluateExpression('log.contains("FAIL") || log.size() > 10', { log: long })).toBe(true);
    expect(evaluateExpression('rows.map(row, row.name).join(",").size()', { rows })).toBe(88_889);
  });

  test('whatever is written ends soon, with a JSON value or with a refusal', () => {
    const leaf = fc.constantFrom(
      'x',
      'items',
      's',
      '1',
      '2.5',
      '"a"',
      'true',
      'null',
      '[]',
      '{}',
      'm',
      'nothing',
      'type',
    );
    const { expression } = fc.letrec<{ expression: string }>((tie) => {
      const part = tie('expression');
      return {
        expression: fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          leaf,
          fc
            .tuple(part, fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', 'in', '&&', '||'), part)
            .map(([left, operator, right]) => `(${left} ${operator} ${right})`),
          fc
            .tuple(part, fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one'), part)
            .map(([list, name, body]) => `${list}.${name}(x, ${body})`),
          fc
            .tuple(part, fc.constantFrom('size', 'trim', 'split', 'join', 'contains', 'substring', 'getHours'), part)
            .map(([receiver, name, argument]) => `${receiver}.${name}(${argument})`),
          fc.tuple(part, part).map(([left, right]) => `[${left}, ${right}]`),
          fc.tuple(part, part).map(([key, value]) => `{${key}: ${value}}`),
          fc.tuple(part, part).map(([value, key]) => `${value}[${key}]`),
          fc.tuple(part, part, part).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
          part.map((value) => `size(${value})`),
        ),
      };
    });
    const values = { x: 3, items: [...numbers(300)], s: 'text '.repeat(1_000), m: { a: [1], b: { c: null } } };
    fc.assert(
      fc.property(fc.oneof(expression, fc.string({ maxLength: 60 })), (text) => {
        const outcome = outcomeOf(text, values);
        expect(outcomeOf(text, values)).toEqual(outcome);
      }),
      { numRuns: 1_000 },
    );
  });

  function outcomeOf(text: string, values: JsonObject): Json {
    try {
      return { value: evaluateExpression(text, values) };
    } catch (error) {
      if (!(error instanceof VltairError)) throw error;
      expect(error.reason).toBe('invalid_argument/expression');
      expect(error.message.length).toBeLessThan(500);
      return { refused: error.message };
    }
  }
});

describe('X3: own members of plain data alone', () => {
  const values = { a: { b: 1 }, list: [1], text: 'x' };

  test.each([
    'a.constructor',
    'a.__proto__',
    'a["__proto__"]',
    'a["constructor"]["prototype"]',
    'a.toString',
    'a.hasOwnProperty("b")',
    'list.length',
    'list["length"]',
    'list.constructor',
    'text.length',
    'toString',
    'constructor',
    '__proto__',
    'valueOf',
    'globalThis',
    '{"constructor": 1}',
    '{"__proto__": 1}',
  ])('%s', (text) => {
    expect(refusalOf(text, values)).not.toBe('');
  });

  test.each(['constructor', '__proto__', 'prototype'])('the computed key %s is refused, not lost', (key) => {
    expect(refusalOf('{key: 1, "b": 2}', { key })).toContain(`no key is ${key} at column 2`);
    expect(refusalOf('["a", key].map(name, {name: 1})', { key })).toContain(`no key is ${key}`);
    expect(refusalOf('{"con" + "structor": 1}')).toContain('no key is constructor');
    expect(evaluateExpression('{key: 1, "b": 2}', { key: 'a' })).toEqual({ a: 1, b: 2 });
  });

  test('there is no inherited member to ask for', () => {
    expect(evaluateExpression('has(a.constructor) || has(a.toString) || "toString" in a', values)).toBe(false);
    expect(evaluateExpression('has(a.toString)', { a: { toString: 1 } })).toBe(true);
  });

  test('a value under the name of a type is not mistaken for it', () => {
    expect(refusalOf('map.output > 1', { map: { output: 2 } })).toContain('map is the name of a type');
  });
});

describe('what a person is told', () => {
  test.each([
    ['1 +', 'at column 4'],
    ['a.b > ', 'at column 7'],
    ['a &&\n  b.matches("x")', 'at column 3 of line 2'],
    ['missing > 1', 'Unknown variable: missing at column 1: missing > 1'],
    ['1 + [2]', 'at column 1'],
    ['[1].all(x, now())', 'there is no function now() at column 12'],
  ])('%s: %s', (text, message) => {
    expect(refusalOf(text)).toContain(message);
  });

  test('a long expression is shown around the place, a long message is cut', () => {
    const text = `${'true && '.repeat(300)}nothing() && ${'true && '.repeat(100)}true`;
    const message = refusalOf(text);
    expect(message).toContain('at column 2401');
    expect(message).toContain('nothing()');
    expect(message.length).toBeLessThan(200);
    expect(refusalOf('m[key]', { m: {}, key: 'k'.repeat(10_000) }).length).toBeLessThan(400);
  });
});
