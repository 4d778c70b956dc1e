import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../canonical-json.ts';
import { agentResult } from '../envelopes.ts';
import { failure } from '../errors.ts';
import { workflowSchema } from '../workflow.ts';
import {
  decisionSchema,
  factSchema,
  isFact,
  kindOf,
  parsePayload,
  type EventPayload,
  type EventType,
} from './event.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const ref = { node: 'a', visit: 1, attempt: 2 };
const key = 'a#1/call#1';
const aFailure = failure('timeout/call', { detail: 'slow', where: 'a.ts:1' });

/** One of each type: a new type does not compile until it stands here. */
const samples: { readonly [T in EventType]: Extract<EventPayload, { type: T }> } = {
  'run.created': {
    type: 'run.created',
    workflow: workflowSchema.parse({ name: 'flow', nodes: [{ id: 'a', agent: 'w', timeout: '5s' }], timeout: '1m' }),
    manifest: { workflow: 'd', agents: { w: 'd' }, flags: [1] },
    input: { text: 'ä' },
    traceId,
    joinKey: 'k',
    tree: 't',
    title: 'title',
  },
  'run.claimed': { type: 'run.claimed', worker: 'w' },
  'cancel.requested': { type: 'cancel.requested', by: 'ann', reason: 'r', commandId: 'c' },
  'timer.fired': { type: 'timer.fired', timer: { kind: 'node_deadline', node: 'a', visit: 1 } },
  'tree.applied': { type: 'tree.applied', directory: '/d', treeBefore: 't', treeAfter: 'u', files: ['f'] },
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
  'effect.resolved': { type: 'effect.resolved', key, resolution: 'retry', by: 'ann', commandId: 'c' },
};

describe.each(Object.values(samples))('$type', (payload) => {
  test('comes back from its stored bytes as it went in', () => {
    const stored = canonicalJson(payload);
    expect(parsePayload(kindOf(payload), JSON.parse(stored))).toEqual(payload);
    expect(canonicalJson(parsePayload(kindOf(payload), JSON.parse(stored)))).toBe(stored);
  });

  test('is no event of the other kind, nor with a member that is unknown', () => {
    expect(() => parsePayload(isFact(payload) ? 'decision' : 'fact', payload)).toThrow();
    expect(() => parsePayload(kindOf(payload), { ...payload, extra: 1 })).toThrow();
  });
});

test('every type is either a fact or a decision', () => {
  const types = [...factSchema.options, ...decisionSchema.options].map((option) => option.shape.type.value);
  expect(types.toSorted()).toEqual(Object.keys(samples).toSorted());
});
