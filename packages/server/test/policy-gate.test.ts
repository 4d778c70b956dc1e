import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PolicyGate } from '../src/policy-gate.ts';

const request = {
  run: 'r1',
  workflow: 'deploy',
  node: 'push',
  agent: 'shell',
  effect: 'run',
  arguments: {},
  summary: 'push',
};
const DENY = 'rules:\n  - { name: no-push, match: { node: push }, verdict: deny }\n';

let directory: string;
const file = (): string => join(directory, 'policy.yaml');
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'vltair-policy-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

test('without a policy the gate says nothing; one that is put there counts from the next call', () => {
  const gate = new PolicyGate(directory);
  expect(gate.evaluate(request)).toBeUndefined();
  writeFileSync(file(), DENY);
  expect(gate.evaluate(request)).toMatchObject({ verdict: 'deny', rule: 'no-push' });
});

test('a policy that was there and is gone lets no call through until it is back', () => {
  writeFileSync(file(), DENY);
  const gate = new PolicyGate(directory);
  expect(gate.evaluate(request)).toMatchObject({ verdict: 'deny' });
  rmSync(file());
  for (let call = 0; call < 2; call += 1)
    expect(() => gate.evaluate(request)).toThrow(
      expect.objectContaining({ reason: 'invalid_argument/policy', where: file() }),
    );
  writeFileSync(file(), 'rules: []\n');
  expect(gate.evaluate(request)).toBeUndefined();
});

test('a policy that is not understood says what is wrong, once', () => {
  writeFileSync(file(), 'rules:\n  - { match: {}, verdict: deny }\n');
  expect(() => new PolicyGate(directory)).toThrow(/^The policy is not understood: rules\.0\.name Invalid input/);
});
