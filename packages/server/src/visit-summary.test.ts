import { workflowSchema, type EventPayload, type RunEvent } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { summariseVisits } from './visit-summary.ts';

const workflow = workflowSchema.parse({
  name: 'check',
  nodes: [
    { id: 'scan', agent: 'reader', action: 'read' },
    { id: 'late', agent: 'reader', needs: ['scan'] },
  ],
});
const REF = { node: 'scan', visit: 1, attempt: 1 };
const KEY = { ...REF, key: 'scan#1/ask a person#1' };
const FAILURE = { code: 'fatal', reason: 'fatal/agent', message: 'no', retryable: false } as const;
const INTENDED = {
  type: 'effect.intended',
  ...KEY,
  name: 'ask a person',
  occurrence: 1,
  argumentsDigest: 'd',
  summary: 'ask',
  policy: 'once',
  execution: 1,
  reserved: {},
  notAfter: 1,
} as const;

function summarise(...payloads: readonly EventPayload[]) {
  const events = payloads.map((payload, at): RunEvent => ({
    run: 'r',
    seq: at + 1,
    ts: at * 10,
    epoch: 1,
    kind: 'fact',
    payload,
  }));
  return summariseVisits(workflow, events);
}

const SCHEDULED: EventPayload = { type: 'attempt.scheduled', ...REF, dueTs: 0 };

describe('a visit', () => {
  test('counts attempts, incarnations and executions', () => {
    const visits = summarise(
      SCHEDULED,
      INTENDED,
      { type: 'run.claimed', worker: 'w' },
      { ...INTENDED, execution: 2 },
      {
        type: 'effect.recorded',
        key: KEY.key,
        node: 'scan',
        visit: 1,
        execution: 1,
        outcome: { kind: 'error', failure: FAILURE },
        spent: { calls: 1 },
      },
      { type: 'attempt.completed', ...REF, incarnation: 2, outcome: { kind: 'error', failure: FAILURE } },
      { ...SCHEDULED, attempt: 2 },
      { type: 'effect.reused', ...KEY, attempt: 2 },
      { type: 'node.succeeded', node: 'scan', visit: 1, signal: 'ok' },
    );
    expect(visits).toMatchObject([
      {
        node: 'scan',
        agent: 'reader',
        action: 'read',
        status: 'succeeded',
        signal: 'ok',
        startedTs: 0,
        endedTs: 80,
        attempts: [
          {
            attempt: 1,
            incarnations: 2,
            failure: FAILURE,
            effects: [{ name: 'ask a person', executions: 2, reused: 1, status: 'failed', spent: { calls: 1 } }],
          },
          { attempt: 2, incarnations: 1, effects: [] },
        ],
      },
    ]);
  });

  test('that never began is there too, with the reason', () => {
    const skipped = summarise(SCHEDULED, { type: 'node.skipped', node: 'late', visit: 1, because: 'scan failed' });
    expect(skipped[1]).toMatchObject({ node: 'late', status: 'skipped', because: 'scan failed', attempts: [] });
    expect(summarise(SCHEDULED, { type: 'node.cancelled', node: 'scan', visit: 1 })[0]).toMatchObject({
      status: 'cancelled',
    });
    const failed = summarise(SCHEDULED, { type: 'node.failed', node: 'scan', visit: 1, failure: FAILURE });
    expect(failed[0]).toMatchObject({ status: 'failed', failure: FAILURE });
  });

  test('shows what was refused and what is parked', () => {
    const visits = summarise(
      SCHEDULED,
      { type: 'effect.refused', ...KEY, dimension: 'calls', limit: 1, committed: 1, requested: 1, reserved: {} },
      { ...INTENDED, key: 'scan#1/send#1', name: 'send' },
      { type: 'effect.parked', ...KEY, key: 'scan#1/send#1', summary: 'send' },
    );
    expect(visits[0]?.attempts[0]?.effects).toMatchObject([
      { name: 'ask a person', status: 'refused', executions: 0 },
      { name: 'send', status: 'parked', executions: 1 },
    ]);
  });
});
