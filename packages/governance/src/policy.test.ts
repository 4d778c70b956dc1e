import { describe, expect, test } from 'vitest';
import { evaluatePolicy, type PolicyRequest } from './evaluate-policy.ts';
import { parsePolicy } from './policy.ts';

const request: PolicyRequest = {
  workflow: 'release',
  node: 'deploy[0]',
  agent: 'shell',
  effect: 'command',
  arguments: { command: ['kubectl', 'apply'] },
  summary: 'kubectl apply',
};

describe('a policy', () => {
  test('the first rule that fits decides, with who may answer and how long', () => {
    const policy = parsePolicy({
      rules: [
        { name: 'reads', match: { agent: 'shell', when: 'arguments.command[0] == "ls"' }, verdict: 'allow' },
        {
          name: 'deploys',
          match: { node: 'deploy*' },
          verdict: 'ask',
          approvers: ['ann'],
          expires: '1h',
          warnBefore: '5m',
        },
        { name: 'rest', verdict: 'deny' },
      ],
    });
    expect(evaluatePolicy(policy, request)).toEqual({
      verdict: 'ask',
      rule: 'deploys',
      approvers: ['ann'],
      expiresMs: 3_600_000,
      warnBeforeMs: 300_000,
      policyDigest: policy.digest,
    });
    expect(evaluatePolicy(policy, { ...request, node: 'x' })).toMatchObject({ verdict: 'deny', rule: 'rest' });
    const ls = { ...request, arguments: { command: ['ls'] } };
    expect(evaluatePolicy(policy, ls)).toMatchObject({ verdict: 'allow', rule: 'reads' });
  });

  test('what no rule fits has the default verdict; allowed, it needs no record', () => {
    expect(evaluatePolicy(parsePolicy({ rules: [] }), request)).toBeUndefined();
    expect(evaluatePolicy(parsePolicy({ rules: [], default: 'deny' }), request)).toMatchObject({ rule: 'default' });
  });

  test.each(['ship', 'ship[0]', 'ship+1', 'ship.undo', 'ship[2].undo2'])(
    'a rule for the node ship holds for %s',
    (node) => {
      const policy = parsePolicy({ rules: [{ name: 'r', match: { node: 'ship' }, verdict: 'deny' }] });
      expect(evaluatePolicy(policy, { ...request, node })).toMatchObject({ verdict: 'deny' });
      expect(evaluatePolicy(policy, { ...request, node: node.replace('ship', 'shipment') })).toBeUndefined();
    },
  );

  test('a condition that cannot be judged lets nothing through, and names its rule', () => {
    const policy = parsePolicy({ rules: [{ name: 'r', match: { when: 'arguments.none == 1' }, verdict: 'deny' }] });
    expect(() => evaluatePolicy(policy, request)).toThrow(/the rule r: .*No such key: none/);
  });

  test('two policies have one digest exactly when they say the same', () => {
    const rule = { name: 'r', verdict: 'ask' as const };
    expect(parsePolicy({ rules: [rule], default: 'allow' }).digest).toBe(parsePolicy({ rules: [rule] }).digest);
    expect(parsePolicy({ rules: [rule] }).digest).not.toBe(parsePolicy({ rules: [{ ...rule, expires: '1m' }] }).digest);
  });

  test.each([
    [{ rules: 1 }, /rules/],
    [{ rules: [{ name: 'r', verdict: 'maybe' }] }, /rules\.0\.verdict/],
    [{ rules: [{ name: 'r', verdict: 'deny', approvers: ['ann'] }] }, /asks nobody/],
    [{ rules: [{ name: 'r', verdict: 'ask', expires: '1m', warnBefore: '2m' }] }, /not before the expiry/],
    [{ rules: [{ name: 'r', verdict: 'ask', match: { when: '1 +' } }] }, /1 \+/],
  ])('%j is refused, naming what is wrong', (value, message) => {
    expect(() => parsePolicy(value)).toThrow(message);
  });

  test.each([
    ['a*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*a', 'a', false],
    ['*b*', 'abc', true],
    ['a*b*c', 'axbxc', true],
    ['a*b*b', 'ab', false],
    ['abc', 'abcd', false],
    ['*', '', true],
  ])('the pattern %s and the text %s: %s', (pattern, node, isFit) => {
    const policy = parsePolicy({ rules: [{ name: 'r', match: { node: pattern }, verdict: 'deny' }] });
    expect(evaluatePolicy(policy, { ...request, node }) !== undefined).toBe(isFit);
  });
});
