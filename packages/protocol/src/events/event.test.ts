import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../canonical-json.ts';
import { agentResult } from '../envelopes.ts';
import type { EventHeader } from '../chain.ts';
import { failure, VltairError } from '../errors.ts';
import { workflowSchema } from '../workflow.ts';
import {
  decisionSchema,
  factSchema,
  isFact,
  kindOf,
  payloadText,
  readPayload,
  type EventPayload,
  type EventType,
} from './event.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const ref = { node: 'a', visit: 1, attempt: 2 };
const key = 'a#1/call#1';
const aFailure = failure('timeout/call', { detail: 'slow', where: 'a.ts:1' });

const gate = {
  verdict: 'ask' as const,
  rule: 'r',
  policyDigest: 'p',
  approvers: ['ann'],
  expiresMs: 2,
  warnBeforeMs: 1,
};
const carry = { nodes: { a: { status: 'succeeded' as const, visits: 1, signal: 's', output: {}, artifacts: [] } } };

const workflow = workflowSchema.parse({
  name: 'flow',
  nodes: [{ id: 'a', agent: 'w', timeout: '5s' }],
  timeout: '1m',
});
const manifest = { workflow: 'd', agents: { w: 'd' }, flags: [1] };

/** One of each type: a new type does not compile until it stands here. */
const samples: { readonly [T in EventType]: Extract<EventPayload, { type: T }> } = {
  'run.created': {
    type: 'run.created',
    workflow,
    manifest,
    input: { text: 'ä' },
    traceId,
    joinKey: 'k',
    tree: 't',
    title: 'title',
  },
  'run.restored': { type: 'run.restored', by: 'ann', backup: 'b1', backupTs: 5, isOriginalStopped: false },
  'payload.purged': { type: 'payload.purged', by: 'ann', reason: 'asked for', payloads: 3 },
  'run.claimed': { type: 'run.claimed', worker: 'w' },
  'cancel.requested': { type: 'cancel.requested', by: 'ann', reason: 'r', commandId: 'c' },
  'timer.fired': { type: 'timer.fired', timer: { kind: 'node_deadline', node: 'a', visit: 1 } },
  'tree.applied': { type: 'tree.applied', by: 'ann', directory: '/d', treeBefore: 't', treeAfter: 'u', files: ['f'] },
  'attempt.completed': {
    type: 'attempt.completed',
    ...ref,
    incarnation: 1,
    outcome: {
      kind: 'result',
      treeBefore: 't',
      treeAfter: 'u',
      result: agentResult({ task: { id: 't' }, agent: 'w', traceId, payload: { output: {}, artifacts: [] } }),
    },
  },
  'attempt.stopped': { type: 'attempt.stopped', ...ref },
  'attempt.diverged': { type: 'attempt.diverged', ...ref, key, recordedDigest: 'd1', actualDigest: 'd2' },
  'attempt.scheduled': { type: 'attempt.scheduled', ...ref, dueTs: 1, deadlineTs: 2, tree: 't' },
  'attempt.stopping': { type: 'attempt.stopping', ...ref, cause: 'cancelled' },
  'node.succeeded': { type: 'node.succeeded', node: 'a', visit: 1, signal: 's' },
  'node.failed': { type: 'node.failed', node: 'a', visit: 1, failure: aFailure },
  'node.skipped': { type: 'node.skipped', node: 'a', visit: 1, because: 'b' },
  'node.cancelled': { type: 'node.cancelled', node: 'a', visit: 1 },
  'route.taken': { type: 'route.taken', from: 'a', signal: 's', to: 'b', region: ['a', 'b'] },
  'run.paused': { type: 'run.paused', waitingFor: [{ kind: 'parked_effect', node: 'a', key }] },
  'run.resumed': { type: 'run.resumed' },
  'run.succeeded': { type: 'run.succeeded', by: 'a' },
  'run.failed': { type: 'run.failed', failure: aFailure, by: 'a' },
  'run.cancelled': { type: 'run.cancelled', reason: 'r' },
  'effect.intended': {
    type: 'effect.intended',
    ...ref,
    key,
    name: 'call',
    occurrence: 1,
    argumentsDigest: 'd',
    summary: 's',
    policy: 'once',
    execution: 1,
    reserved: { timeMs: 0.5, calls: 1, candidates: 2 },
    notAfter: 9,
  },
  'effect.recorded': {
    type: 'effect.recorded',
    key,
    node: 'a',
    visit: 1,
    execution: 1,
    argumentsDigest: 'd',
    outcome: { kind: 'error', failure: aFailure },
    spent: {},
  },
  'effect.reused': { type: 'effect.reused', ...ref, key },
  'effect.refused': {
    type: 'effect.refused',
    ...ref,
    key,
    dimension: 'calls',
    limit: 1,
    committed: 1,
    requested: 1,
    reserved: { calls: 1 },
  },
  'effect.parked': { type: 'effect.parked', ...ref, key, summary: 's' },
  'pause.requested': { type: 'pause.requested', by: 'ann', reason: 'lunch', commandId: 'c' },
  'resume.requested': { type: 'resume.requested', by: 'ann' },
  'retry.requested': { type: 'retry.requested', by: 'ann', grant: { calls: 1 } },
  'rollback.requested': { type: 'rollback.requested', by: 'ann', toSeq: 3, carry },
  'run.migrated': { type: 'run.migrated', by: 'ann', workflow, manifest, commandId: 'c' },
  'signal.received': { type: 'signal.received', by: 'ann', name: 's', data: { x: [1] } },
  'approval.requested': {
    type: 'approval.requested',
    approval: key,
    node: 'a',
    visit: 1,
    digest: 'd',
    message: 'm',
    approvers: ['ann'],
    warnTs: 1,
    expiresTs: 2,
    gate,
  },
  'approval.granted': { type: 'approval.granted', approval: key, by: 'ann', comment: 'c' },
  'approval.rejected': { type: 'approval.rejected', approval: key, by: 'ann', reason: 'r' },
  'approval.warned': { type: 'approval.warned', approval: key },
  'approval.expired': { type: 'approval.expired', approval: key },
  'approval.cancelled': { type: 'approval.cancelled', approval: key, because: 'b' },
  'subrun.ended': {
    type: 'subrun.ended',
    node: 'a',
    visit: 1,
    run: 'r.1',
    status: 'failed',
    failure: aFailure,
    spent: {},
  },
  'subrun.stopping': { type: 'subrun.stopping', node: 'a', visit: 1, run: 'r.1', cause: 'cancelled' },
  'node.suspended': { type: 'node.suspended', node: 'a', visit: 1, wait: { kind: 'sleep', untilTs: 5 } },
  'map.expanded': { type: 'map.expanded', node: 'a', visit: 1, count: 0 },
  'tasks.added': { type: 'tasks.added', node: 'a', visit: 1, count: 2 },
  'compensation.started': { type: 'compensation.started', node: 'a', visit: 1 },
  'run.ending': { type: 'run.ending', ending: { kind: 'failed', failure: aFailure, by: 'a' } },
  'effect.held': { type: 'effect.held', ...ref, key, argumentsDigest: 'd', summary: 's', gate },
  'effect.denied': { type: 'effect.denied', ...ref, key, argumentsDigest: 'd', failure: aFailure, gate },
  'effect.resolved': { type: 'effect.resolved', key, resolution: 'retry', by: 'ann', commandId: 'c' },
};

describe.each(Object.values(samples))('$type', (payload) => {
  test('comes back from its stored text as it went in', () => {
    const stored = payloadText(payload);
    const read = readPayload(headerOf(payload), stored);
    expect(read).toEqual(payload);
    expect(payloadText(read)).toBe(stored);
  });

  test('is no event of the other kind', () => {
    const kind = isFact(payload) ? 'decision' : 'fact';
    expect(() => readPayload({ ...headerOf(payload), kind }, payloadText(payload))).toThrow('r1');
  });

  test('with a member that is unknown was written by a newer version, which the refusal says', () => {
    const refusal = refusalOf(payload, canonicalJson({ ...payload, extra: 1 }));
    expect(refusal.reason).toBe('unavailable/store_newer');
    expect(refusal.where).toBe('r1:7');
    expect(refusal.message).toContain(`event 7 of run r1 is a ${payload.type} that this version does not know`);
    expect(refusal.message).toContain('"extra"');
  });

  test('in a later version of its form is refused, whatever it holds', () => {
    expect(refusalOf(payload, canonicalJson({ ...payload, v: 99 })).message).toContain('it is of version 99');
  });
});

test('what an earlier version wrote is read in the form of today', () => {
  const { by: _, ...first } = samples['tree.applied'];
  const header = headerOf(samples['tree.applied']);
  expect(readPayload(header, canonicalJson(first))).toEqual({ ...first, by: 'unknown' });
  expect(payloadText(samples['tree.applied'])).toBe(canonicalJson({ ...samples['tree.applied'], v: 2 }));
});

test.each(['', '[]', 'null', '1', '{}', '{"type":"run.resumed","v":0}', '{"type":"run.resumed","v":"1"}'])(
  'the text %j is no event of this version',
  (text) => {
    expect(refusalOf({ type: 'run.resumed' }, text).reason).toBe('unavailable/store_newer');
  },
);

function headerOf(payload: EventPayload): EventHeader {
  const hash = '0'.repeat(64);
  return {
    ...{ format: 1, run: 'r1', seq: 7, tenant: 't', ts: 1, epoch: 1 },
    ...{ kind: kindOf(payload), type: payload.type, payloadDigest: hash, previous: hash },
  };
}

function refusalOf(payload: EventPayload, text: string): VltairError {
  try {
    readPayload(headerOf(payload), text);
  } catch (error) {
    if (error instanceof VltairError) return error;
    throw error;
  }
  return expect.fail(`${text} was read`);
}

test('every type is either a fact or a decision', () => {
  const types = [...factSchema.options, ...decisionSchema.options].map((option) => option.shape.type.value);
  expect(types.toSorted()).toEqual(Object.keys(samples).toSorted());
});
