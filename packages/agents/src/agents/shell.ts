import type { Agent, AgentContext, EffectCall } from '@vltair/core';
import {
  agentResult,
  jsonSchema,
  VltairError,
  wellFormed,
  type AgentResult,
  type AgentTask,
  type Json,
} from '@vltair/protocol';
import { z } from 'zod';
import { actionsOf } from './agent-actions.ts';
import { CommandPlace, type CommandPlaceOptions } from './command-place.ts';
import { parseInput } from './project-input.ts';
import { runCommand } from './run-command.ts';
import { shellFieldsSchema, shellInputSchema, type ShellInput } from './shell-input.ts';

const outcomeSchema = z.strictObject({ exitCode: z.int(), stdout: z.string(), stderr: z.string() });
const outputSchema = outcomeSchema.extend({ json: jsonSchema.exactOptional() });

export interface ShellOptions extends CommandPlaceOptions {
  /** Commands may ask for the network. */
  readonly allowNetwork?: boolean;
}

/** Beyond the command's own time: the clone before it, and the end of its processes after it. */
const OVERHEAD_MS = 60_000;

/** Runs one command in the sandbox, in a copy of the run's workspace that is gone afterwards. */
export function createShell(options: ShellOptions): Agent {
  return {
    name: 'shell',
    version: '1',
    description: 'Runs a command or a script in the sandbox, over a copy of the workspace.',
    ...actionsOf({
      run: {
        input: shellInputSchema,
        described: shellFieldsSchema,
        output: outputSchema,
        signals: ['success', 'nonzero'],
      },
    }),
    run: async (task, context) => await shell(options, task, context),
  };
}

async function shell(options: ShellOptions, task: AgentTask, context: AgentContext): Promise<AgentResult> {
  const input = parseInput(shellInputSchema, task);
  if (input.network && options.allowNetwork !== true) throw new VltairError('forbidden/network');
  const { repeatable, json, ...order } = input;
  const summary = summaryOf(input);
  const value = await context.effect(
    {
      name: 'run command',
      arguments: wellFormed({ ...order, tree: context.tree ?? null }),
      summary,
      policy: repeatable ? 'repeatable' : 'once',
      reserve: { timeMs: input.timeoutMs },
      clocks: { total: input.timeoutMs + OVERHEAD_MS },
    },
    async (call) => await execute(options, input, context, call),
  );
  const outcome = outcomeSchema.parse(value);
  return agentResult({
    task,
    agent: 'shell',
    traceId: context.traceId,
    payload: {
      signal: outcome.exitCode === 0 ? 'success' : 'nonzero',
      output: { ...outcome, ...(json ? jsonOf(outcome) : {}) },
      artifacts: [],
    },
  });
}

async function execute(
  options: ShellOptions,
  input: ShellInput,
  { tree, traceId }: AgentContext,
  call: EffectCall,
): Promise<Json> {
  await using place = await CommandPlace.open(options, tree, traceId);
  const { exitCode, stdout, stderr } = await runCommand(options, input, { place, traceId, signal: call.signal });
  return wellFormed({ exitCode, stdout, stderr });
}

/** What a command that failed printed need not be JSON. @throws VltairError `invalid_argument/json` for one that did not fail. */
function jsonOf({ exitCode, stdout }: z.infer<typeof outcomeSchema>): { readonly json?: Json } {
  try {
    return { json: jsonSchema.parse(JSON.parse(stdout)) };
  } catch (cause) {
    if (exitCode !== 0) return {};
    throw new VltairError('invalid_argument/json', {
      detail: 'standard output of the command',
      where: 'stdout',
      cause,
    });
  }
}

const SUMMARY_CHARACTERS = 120;

function summaryOf({ command = [], script }: ShellInput): string {
  const text = (script ?? command.join(' ')).replaceAll(/\s+/g, ' ').trim();
  return text.length > SUMMARY_CHARACTERS ? `${text.slice(0, SUMMARY_CHARACTERS)}...` : text;
}
