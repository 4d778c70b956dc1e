import { describe, test } from 'vitest';
import { AgentRegistry } from '../packages/agents/src/index.ts';
import { invokerRules } from '../packages/core/test/invoker-conformance.ts';

describe('the agents of one process, as an invoker', () => {
  test.each(invokerRules.map(({ title, check }) => [title, check] as const))('%s', async (_, check) => {
    await check((agents) => Promise.resolve({ invoker: new AgentRegistry(agents), close: () => Promise.resolve() }));
  });
});
