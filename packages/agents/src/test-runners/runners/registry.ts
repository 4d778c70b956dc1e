import type { TestRunner } from '../test-command.ts';
import { command } from './command.ts';
import { jest } from './jest.ts';
import { mocha } from './mocha.ts';
import { nodeTest } from './node-test.ts';
import { pytest } from './pytest.ts';
import type { RunnerAdapter } from './runner-adapter.ts';
import { tape } from './tape.ts';
import { unittest } from './unittest.ts';
import { vitest } from './vitest.ts';

export const runnerAdapters: Readonly<Record<TestRunner, RunnerAdapter>> = {
  vitest,
  jest,
  mocha,
  'node-test': nodeTest,
  tape,
  pytest,
  unittest,
  command,
};
