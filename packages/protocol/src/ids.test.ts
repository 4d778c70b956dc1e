import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { documentId, isRunId, isTraceId, makeRunId, makeTraceId, traceIdOf } from './ids.ts';
import { grpcRequestHash, requestHash } from './request-hash.ts';

const bytes = (value: number) => new Uint8Array(16).fill(value);
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';

test('a document id is BLAKE2s-128 of its key', () => {
  verifies('V-07');
  expect(documentId('')).toBe('64550d6ffe2c0a01a14aba1eade0200c');
  expect(documentId('abc')).toBe('aa4938119b1dc7b87cbad0ffd200d0ae');
  expect(documentId('src/ä.ts')).toBe('d05a1ca23466d923c648e4f506dc6b54');
});

describe('run ids', () => {
  test('hold the time, and otherwise the bytes that they are given', () => {
    expect(makeRunId(1, bytes(0))).toBe('00000000-0001-7000-8000-000000000000');
    expect(makeRunId(1, bytes(255))).toBe('00000000-0001-77ff-bfff-ffffffffffff');
    expect(makeRunId(1, bytes(7))).toBe(makeRunId(1, bytes(7)));
  });

  test('sort by time, and are told from other texts', () => {
    const ids = [1, 255, 256, 1_700_000_000_000].map((time) => makeRunId(time, bytes(9)));
    expect(ids.toSorted()).toEqual(ids);
    expect(ids.every(isRunId)).toBe(true);
    expect(['', 'x', `${ids[0]} `, '00000000-0001-4000-8000-000000000000'].some(isRunId)).toBe(false);
  });
});

describe('trace ids', () => {
  test('are 16 random bytes in hex, never all zero', () => {
    verifies('V-08');
    expect(makeTraceId(bytes(0xab))).toBe('ab'.repeat(16));
    expect(() => makeTraceId(bytes(0))).toThrow(RangeError);
    expect(() => makeTraceId(new Uint8Array(8).fill(1))).toThrow(RangeError);
    expect([TRACE.toUpperCase(), TRACE.slice(1), '0'.repeat(32)].some(isTraceId)).toBe(false);
  });

  test.each([`00-${TRACE}-${PARENT}-01`, `01-${TRACE}-${PARENT}-01`, `cc-${TRACE}-${PARENT}-00-what-comes-later`])(
    'the traceparent %s carries one',
    (header) => {
      verifies('V-08');
      expect(traceIdOf(header)).toBe(TRACE);
    },
  );

  test.each([
    '',
    TRACE,
    `ff-${TRACE}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-01-more`,
    `01-${TRACE}-${PARENT}-01more`,
    `00-${'0'.repeat(32)}-${PARENT}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${PARENT}-01`,
    `00-${TRACE}-${PARENT}-1`,
  ])('the traceparent %j is malformed', (header) => {
    verifies('V-08');
    expect(traceIdOf(header)).toBeUndefined();
  });
});

test('a request hash is the start of SHA-1 over method, path and body', () => {
  verifies('V-08');
  const body = new TextEncoder().encode('{}');
  expect(requestHash('POST', '/v1/runs', body)).toBe('9c86d274627bbefd');
  expect(requestHash('POST', '/v1/run', body)).not.toBe(requestHash('POST', '/v1/runs', body));
  expect(grpcRequestHash('/vltair.v1.Runs/Start', new Uint8Array([1, 2, 3]))).toBe('b29a0cab87ef0798');
});
