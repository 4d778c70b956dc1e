import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { canonicalJson, storedJson, wellFormed } from './canonical-json.ts';

describe('RFC 8785', () => {
  test('the example of section 3.2.2', () => {
    const value = {
      numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"\u002f',
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        String.raw`"string":"€$\u000f\nA'B\"\\\\\"/"}`,
    );
  });

  test('keys are sorted by UTF-16 code unit, as in section 3.2.3', () => {
    verifies('V-06');
    const value = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\u{1f600}': 5, '\u0080': 6, '\u00f6': 7 };
    expect(canonicalJson(value)).toBe('{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\u{1f600}":5,"\ufb33":3}');
  });

  test.each([
    [0, '0'],
    [-0, '0'],
    [1e21, '1e+21'],
    [999999999999999900000, '999999999999999900000'],
    [1e-7, '1e-7'],
    [5e-324, '5e-324'],
    [1.7976931348623157e308, '1.7976931348623157e+308'],
    [2 ** 53, '9007199254740992'],
  ])('the number %d is %s', (number, text) => {
    expect(canonicalJson(number)).toBe(text);
  });
});

test('texts are raw UTF-8, not escaped', () => {
  verifies('V-06');
  expect(canonicalJson('ä 漢 😀')).toBe('"ä 漢 😀"');
});

test('members that are undefined are left out', () => {
  expect(canonicalJson({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
});

test.each([
  ['NaN', Number.NaN],
  ['an infinity', { deep: [Number.NEGATIVE_INFINITY] }],
  ['a bigint', 1n],
  ['a lone surrogate', 'x\ud800'],
  ['a lone surrogate in a key', { '\udc00': 1 }],
  ['undefined', undefined],
  ['a function', () => 1],
])('%s has no canonical JSON', (_, value) => {
  expect(() => canonicalJson(value)).toThrow(TypeError);
});

test('a circle has no canonical JSON', () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  expect(() => canonicalJson(circle)).toThrow(TypeError);
});

test('equal values have one text, whatever the order of their members, and it parses to the value', () => {
  verifies('V-06');
  fc.assert(
    fc.property(fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue()), (value) => {
      const members = Object.entries(value).toReversed();
      expect(canonicalJson(Object.fromEntries(members))).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

describe('the text in which a value is stored', () => {
  const units = fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)) });
  const members = fc.oneof(units, fc.constantFrom('10', '9', '__proto__', 'toJSON', ''));
  const anything = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, tie('leaf'), fc.array(tie('value')), fc.dictionary(members, tie('value'))),
    leaf: fc.oneof(units, fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, undefined, -0, 1n)),
  })).value;
  const resultOf = (make: () => string): string => {
    try {
      return make();
    } catch (error) {
      return error instanceof TypeError ? 'a TypeError' : String(error);
    }
  };

  test('is the canonical JSON of its well-formed copy, whatever the value', () => {
    fc.assert(
      fc.property(anything, (value) => {
        expect(resultOf(() => storedJson(value))).toBe(resultOf(() => canonicalJson(wellFormed(value))));
      }),
      { numRuns: 2_000 },
    );
  });

  test('keys whose lone surrogates become the same are one member, as in the copy', () => {
    const value = { b: 1, '\ud800': 2, '\udc00': 3, a: { '\ud801': [undefined] } };
    expect(storedJson(value)).toBe('{"a":{"\ufffd":[null]},"b":1,"\ufffd":3}');
  });
});

describe('well-formed copies', () => {
  test('lone surrogates become U+FFFD in keys and texts, and undefined members go', () => {
    expect(wellFormed({ 'k\ud800': ['v\udc00', undefined], gone: undefined, n: null, t: true })).toEqual({
      'k\ufffd': ['v\ufffd', null],
      n: null,
      t: true,
    });
  });

  test.each([Number.NaN, Number.POSITIVE_INFINITY, 1n, Symbol('s')])('%s cannot be stored', (value) => {
    expect(() => wellFormed({ value })).toThrow(TypeError);
  });

  test('every text that is made well-formed has canonical JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(0xffff)), (units) => {
        expect(() => canonicalJson(wellFormed(String.fromCharCode(...units)))).not.toThrow();
      }),
    );
  });
});
