import { expect, test } from 'vitest';
import { faultsOfHistories, historiesOf, type RegisterLine } from './register-history.ts';

const begin = (id: string, at: number, input: Extract<RegisterLine, { is: 'begin' }>['input']): RegisterLine => ({
  ...{ is: 'begin', id, key: 'k', client: 'c', at, input },
});
const end = (id: string, at: number, output: Extract<RegisterLine, { is: 'end' }>['output']): RegisterLine => ({
  ...{ is: 'end', id, at, output },
});
const append = (token: string, expectedSeq: number) => ({ do: 'append', expectedSeq, epoch: 1, token }) as const;

test('wishes and answers become operations; an append without an answer stays, a read without one says nothing', () => {
  const lines = [
    begin('1', 1, append('a', 0)),
    end('1', 2, { kind: 'appended', lastSeq: 1 }),
    begin('2', 3, append('b', 1)),
    begin('3', 4, { do: 'read' }),
  ];
  const steps = historiesOf(lines).get('k') ?? [];
  expect(steps.map(({ input, ended }) => [input.do, ended?.at])).toEqual([
    ['append', 2],
    ['append', undefined],
  ]);
  expect(faultsOfHistories(historiesOf(lines))).toEqual([]);
});

test('a history that no order explains is told with its register', () => {
  const lines = [
    begin('1', 1, append('a', 0)),
    end('1', 2, { kind: 'appended', lastSeq: 1 }),
    begin('2', 3, { do: 'head' }),
    end('2', 4, { kind: 'head', seq: 0, epoch: 0 }),
  ];
  const [fault = ''] = faultsOfHistories(historiesOf(lines));
  expect(fault).toContain('k: no order of its 2 operations is right');
});
