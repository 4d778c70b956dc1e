import type { Agent } from '@vltair/core';
import type { AgentError, AgentResult } from '@vltair/protocol';
import { expect } from 'vitest';
import { z } from 'zod';

/** What an agent really gave is what it says that it gives. */
export function expectFitting(agent: Agent, action: string, reply: AgentResult | AgentError): void {
  if (reply.type === 'AgentError') return;
  const { output, signals } = agent.actions?.[action] ?? expect.fail(`${agent.name} does not describe ${action}`);
  const problems = z.fromJSONSchema(output).safeParse(reply.payload.output).error?.issues ?? [];
  expect(problems, `${agent.name} ${action}: ${JSON.stringify(reply.payload.output)}`).toEqual([]);
  expect(signals).toContain(reply.payload.signal);
}
