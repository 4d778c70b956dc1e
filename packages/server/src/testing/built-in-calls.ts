import { timeSpanSchema, type AmbiguityPolicy, type JsonObject } from '@vltair/protocol';
import { z } from 'zod';

/** How a built-in agent acts on the world, so that policies, budgets and crashes meet its script as they meet the agent. */
export interface BuiltInCall {
  readonly effect: string;
  policy(input: JsonObject): AmbiguityPolicy;
  /** Milliseconds that the call may take. */
  total(input: JsonObject): number;
  /** What a script need not say of the output. */
  readonly output: JsonObject;
  /** The signal that goes with an output. */
  signal(output: JsonObject): string;
}

const timeoutSchema = z.looseObject({ timeoutMs: timeSpanSchema.optional() });

/** Of agents that make one call, by agent and action. */
export const builtInCalls: Readonly<Record<string, BuiltInCall>> = {
  'shell/run': {
    effect: 'run command',
    policy: ({ repeatable }) => (repeatable === true ? 'repeatable' : 'once'),
    total: (input) => (timeoutSchema.parse(input).timeoutMs ?? 60_000) + 60_000,
    output: { exitCode: 0, stdout: '', stderr: '' },
    signal: ({ exitCode }) => (exitCode === 0 ? 'success' : 'nonzero'),
  },
  'http/request': {
    effect: 'send request',
    policy: ({ method = 'GET', idempotencyKey }) =>
      method === 'GET' || method === 'HEAD' ? 'repeatable' : idempotencyKey === true ? 'keyed' : 'once',
    total: (input) => timeoutSchema.parse(input).timeoutMs ?? 30_000,
    output: { status: 200, url: '', headers: {} },
    signal: ({ status }) => (Number(status) < 400 ? 'success' : Number(status) < 500 ? 'client_error' : 'server_error'),
  },
};
