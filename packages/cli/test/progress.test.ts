import { stripVTControlCharacters } from 'node:util';
import type { EventPayload, RunEvent } from '@vltair/protocol';
import { describe, expect, test, vi } from 'vitest';
import { LiveView } from '../src/progress/live-view.ts';
import { PlainView } from '../src/progress/plain-view.ts';
import { ProgressBoard } from '../src/progress/progress-board.ts';
import { painter } from '../src/render/terminal-text.ts';
import { runHere, smallProject, TextSink } from './command-fixture.ts';

const REF = { node: 'scan', visit: 1, attempt: 1 };
const SCHEDULED: EventPayload = { type: 'attempt.scheduled', ...REF, dueTs: 0 };

function event(payload: EventPayload, ts = 0): RunEvent {
  return { run: 'r', seq: 1, ts, epoch: 1, kind: 'fact', payload };
}

describe('the board', () => {
  test('follows a visit from its beginning to its end', () => {
    const board = new ProgressBoard();
    expect(board.committed(event(SCHEDULED))).toMatchObject({ name: 'scan', state: 'running', detail: '' });
    expect(board.progress(REF, { message: 'reading', done: 2, total: 5 })).toMatchObject({ done: 2, total: 5 });
    expect(board.committed(event({ type: 'node.succeeded', node: 'scan', visit: 1, signal: 'ok' }, 9))).toMatchObject({
      state: 'succeeded',
      detail: 'ok',
      endedTs: 9,
    });
    expect(board.progress(REF, { message: 'late' })).toBeUndefined();
    expect(board.progress({ ...REF, node: 'other' }, { message: 'who' })).toBeUndefined();
  });

  test('keeps visits apart, and says which attempt it is', () => {
    const board = new ProgressBoard();
    board.committed(event(SCHEDULED));
    expect(board.committed(event({ ...SCHEDULED, attempt: 2 }, 7))).toMatchObject({
      detail: 'attempt 2',
      startedTs: 0,
    });
    expect(board.committed(event({ ...SCHEDULED, visit: 2 }, 9))).toMatchObject({ name: 'scan#2' });
    expect(board.lines).toHaveLength(2);
  });

  test.each([
    [{ type: 'node.skipped', node: 'scan', visit: 1, because: 'no need' }, 'skipped'],
    [{ type: 'node.cancelled', node: 'scan', visit: 1 }, 'cancelled'],
    [
      {
        type: 'node.failed',
        node: 'scan',
        visit: 1,
        failure: { code: 'fatal', reason: 'fatal/agent', message: 'no', retryable: false },
      },
      'failed',
    ],
  ] as const)('%j ends a line', (payload, state) => {
    const board = new ProgressBoard();
    board.committed(event(SCHEDULED));
    expect(board.committed(event(payload))).toMatchObject({ state });
  });
});

describe('plain lines', () => {
  test('one for each turn, and at most one every five seconds in between', () => {
    const sink = new TextSink();
    let now = 0;
    const board = new ProgressBoard();
    const view = new PlainView(sink, () => now);
    const begun = board.committed(event(SCHEDULED));
    if (begun !== undefined) view.turned(begun);
    for (now = 100; now <= 12_000; now += 100) {
      const moved = board.progress(REF, { message: 'trying', done: now, total: 99_999 });
      if (moved !== undefined) view.moved(moved);
    }
    view.end();
    expect(sink.text.trimEnd().split('\n')).toEqual([
      '▸ scan              0 ms',
      '▸ scan             5.0 s  trying 5000/99999',
      '▸ scan            10.0 s  trying 10000/99999',
    ]);
  });
});

describe('lines in place', () => {
  test('are redrawn at most ten times a second, cut to the width, and leave the cursor as it was', () => {
    vi.useFakeTimers();
    try {
      const sink = new TextSink(40);
      const board = new ProgressBoard();
      const view = new LiveView(board, sink, painter(false), () => Date.now());
      board.committed(event(SCHEDULED, Date.now()));
      view.turned();
      for (let at = 0; at < 100; at += 1) {
        board.progress(REF, { message: `${'long '.repeat(10)}\u001b[2J`, done: at });
        view.moved();
        vi.advanceTimersByTime(10);
      }
      view.note('a note');
      view.end();
      const draws = sink.text.split('\u001b[0J').length - 1;
      expect(draws).toBeGreaterThan(5);
      expect(draws).toBeLessThanOrEqual(16);
      expect(sink.text).toContain('a note\n');
      expect(sink.text).not.toContain('\u001b[2J');
      expect(sink.text.startsWith('\u001b[?25l')).toBe(true);
      expect(sink.text.endsWith('\u001b[?25h')).toBe(true);
      for (const line of sink.text.split('\n'))
        expect(stripVTControlCharacters(line).replace('\r', '').length).toBeLessThan(40);
    } finally {
      vi.useRealTimers();
    }
  });

  test('a repair on a terminal shows its nodes', async () => {
    const { code, stderr } = await runHere(['fix'], { directory: smallProject({ isGreen: true }), columns: 100 });
    expect(code).toBe(0);
    expect(stderr.startsWith('\u001b[?25l')).toBe(true);
    expect(stderr).toMatch(/run \S+ in /);
    expect(stderr).toContain('reproduce');
    expect(stderr.endsWith('\u001b[?25h')).toBe(true);
  });
});
