import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { canonicalJson } from './canonical-json.ts';
import { agentError, agentResult, parseAgentError, parseAgentResult, parseAgentTask } from './envelopes.ts';
import { failure, VltairError } from './errors.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';
const task = { type: 'AgentTask', id: 't1', protocolVersion: 1, payload: { action: 'run', target: 'src' } };
const result = { task: { id: 't1' }, agent: 'code-gen', traceId, payload: { output: {}, artifacts: [] } };
const error = { task: { id: 't1' }, agent: 'debug', traceId, failure: failure('transient/agent') };

function refusalOf(call: () => unknown): { reason: string; where: string | undefined } {
  try {
    call();
  } catch (thrown) {
    if (thrown instanceof VltairError) return { reason: thrown.reason, where: thrown.where };
    throw thrown;
  }
  throw new Error('it was accepted');
}

describe('tasks', () => {
  test('a task without an agent is accepted: it is routed', () => {
    verifies('V-02');
    expect(parseAgentTask(task)).toEqual(task);
    const full = { ...task, agent: 'debug', constraints: { timeoutMs: 5 }, traceId };
    expect(parseAgentTask(full)).toEqual(full);
  });

  test.each([
    ['an unknown key', { extra: 1 }, 'envelope'],
    ['another type', { type: 'AgentResult' }, 'type'],
    ['no id', { id: '' }, 'id'],
    ['an agent that is no name', { agent: 'Code Gen' }, 'agent'],
    ['no action', { payload: {} }, 'payload.action'],
    ['an empty action', { payload: { action: '' } }, 'payload.action'],
    ['no time at all', { constraints: { timeoutMs: 0 } }, 'constraints.timeoutMs'],
    ['an unknown constraint', { constraints: { retries: 1 } }, 'constraints'],
    ['a trace id that is none', { traceId: '1' }, 'traceId'],
    ['a payload that is no JSON', { payload: { action: 'run', at: new Date(0) } }, 'payload.at'],
  ])('%s is refused, naming the field', (_, change, where) => {
    verifies('V-01');
    verifies('V-02');
    expect(refusalOf(() => parseAgentTask({ ...task, ...change }))).toEqual({
      reason: 'invalid_argument/envelope',
      where,
    });
  });

  test.each([0, 2, '1', undefined])('the protocol version %j is refused as such', (protocolVersion) => {
    verifies('V-01');
    expect(refusalOf(() => parseAgentTask({ ...task, protocolVersion })).reason).toBe(
      'invalid_argument/protocol_version',
    );
  });

  test.each([undefined, null, 1, 'x', []])('%j is no task', (value) => {
    expect(refusalOf(() => parseAgentTask(value)).reason).toBe('invalid_argument/envelope');
  });
});

describe('results', () => {
  test('the factory makes an envelope that its own schema accepts', () => {
    verifies('V-01');
    const made = agentResult(result);
    expect(made).toMatchObject({ type: 'AgentResult', id: 't1:result', protocolVersion: 1, taskId: 't1' });
    expect(made.payload.signal).toBe('success');
    expect(parseAgentResult(made)).toEqual(made);
  });

  test('a document change, artifacts and new tasks come through', () => {
    verifies('V-03');
    const finding = { severity: 'warn' as const, file: 'a.ts', line: 3, message: 'm', suggestion: 's' };
    const payload = {
      signal: 'test_failed',
      output: { n: 1 },
      delta: { doc: { path: 'a.ts', content: null } },
      artifacts: [
        { kind: 'code' as const, path: 'a.ts', content: '' },
        { kind: 'text' as const, title: 't', text: '' },
        { kind: 'analysis' as const, summary: '', details: '', findings: [finding] },
        { kind: 'diff_summary' as const, files: [{ path: 'a.ts', added: 1, deleted: 0 }], diff: '' },
      ],
      newTasks: [parseAgentTask(task)],
    };
    expect(agentResult({ ...result, payload }).payload).toEqual(payload);
  });

  const analysis = { kind: 'analysis', summary: '', details: '' };
  test.each([
    ['a severity', { artifacts: [{ ...analysis, findings: [{ severity: 'bad', file: 'f', line: 1, message: 'm' }] }] }],
    [
      'a suggestion',
      {
        artifacts: [{ ...analysis, findings: [{ severity: 'info', file: 'f', line: 1, message: 'm', suggestion: 1 }] }],
      },
    ],
    ['a kind of artifact', { artifacts: [{ kind: 'picture' }] }],
    ['a shape of artifact', { artifacts: [{ kind: 'text', title: 't', text: 't', extra: 1 }] }],
    ['a signal', { signal: 'Not A Signal' }],
    ['a document', { delta: { doc: { path: '' } } }],
    ['a new task', { newTasks: [{ ...task, protocolVersion: 2 }] }],
  ])('%s that is unknown is refused', (_, change) => {
    verifies('V-03');
    const made = agentResult(result);
    expect(refusalOf(() => parseAgentResult({ ...made, payload: { ...made.payload, ...change } })).reason).toBe(
      'invalid_argument/envelope',
    );
  });
});

describe('errors', () => {
  test('equal input gives equal bytes', () => {
    verifies('V-04');
    expect(canonicalJson(agentError(structuredClone(error)))).toBe(canonicalJson(agentError(error)));
    expect(canonicalJson(agentError(error))).toBe(
      '{"agent":"debug","diagnostics":{},"error":{"code":"transient","message":"An agent failed for a moment.",' +
        '"reason":"transient/agent","retryable":true},"id":"t1:error","protocolVersion":1,"taskId":"t1",' +
        `"traceId":"${traceId}","type":"AgentError"}`,
    );
  });

  test('message and diagnostics are redacted', () => {
    verifies('V-04');
    const made = agentError(
      {
        ...error,
        failure: failure('fatal/agent', { detail: 'mail to ann@example.org' }),
        diagnostics: { env: { API_TOKEN: 'x' }, log: ['acme_12345', 'plain'] },
      },
      { prefixes: ['acme_'] },
    );
    expect(made.error.message).toBe('An agent failed for good: mail to <<REDACTED>>');
    expect(made.diagnostics).toEqual({ env: { API_TOKEN: '<<REDACTED>>' }, log: ['<<REDACTED>>', 'plain'] });
  });

  test.each([
    ['a code outside of the list', { code: 'odd' }],
    ['a reason outside of the catalogue', { reason: 'transient/odd' }],
    ['a code that is not the one of its reason', { code: 'fatal' }],
    ['an unknown member', { extra: 1 }],
  ])('%s is refused', (_, change) => {
    verifies('V-05');
    const made = agentError(error);
    expect(parseAgentError(made)).toEqual(made);
    expect(refusalOf(() => parseAgentError({ ...made, error: { ...made.error, ...change } })).reason).toBe(
      'invalid_argument/envelope',
    );
  });

  test('an error without a trace id is refused', () => {
    verifies('V-04');
    const { traceId: _, ...made } = agentError(error);
    expect(refusalOf(() => parseAgentError(made)).where).toBe('traceId');
  });
});
