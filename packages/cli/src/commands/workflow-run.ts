import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import {
  agentError,
  exitCodes,
  failureOf,
  makeTraceId,
  parseAgentTask,
  VltairError,
  type AgentTask,
  type ExitCode,
} from '@vltair/protocol';
import { loadEngine, type RunOutcome } from '@vltair/server';
import { exitCodeOf, type CommandContext } from '../command-context.ts';
import { readObjectOption } from '../json-option.ts';
import { parseJson } from '../json-text.ts';
import { textOption, type Options } from '../option-values.ts';
import { readBytes } from '../read-bytes.ts';
import { reportError } from '../render/error-report.ts';
import { outcomePage } from '../render/outcome-page.ts';
import { sessionOf, whileShowing } from '../run-session.ts';

export async function run(context: CommandContext, [workflow]: readonly string[], options: Options): Promise<ExitCode> {
  const file = textOption(options, 'file');
  if ((workflow === undefined) === (file === undefined))
    throw new VltairError('invalid_argument/usage', { detail: 'name a workflow file, or a task with --file' });
  if (file !== undefined) return await runTaskFile(context, file);
  const input = (await readObjectOption(context, options, 'input')) ?? {};
  return await whileShowing(context, async (watcher) => {
    const { runWorkflow } = await loadEngine();
    const session = { ...sessionOf(context, watcher), directory: context.directory };
    const outcome = await runWorkflow(session, resolve(context.host.directory, workflow ?? ''), input);
    watcher.end();
    return tellOutcome(context, outcome);
  });
}

// --- one task

/** Whatever goes wrong with a task is told in the shape that its sender can read. */
async function runTaskFile(context: CommandContext, file: string): Promise<ExitCode> {
  const where = file === '-' ? 'standard input' : resolve(context.host.directory, file);
  const text = file === '-' ? await context.host.readStdin() : await readText(context.host.directory, file);
  let traceId = makeTraceId(randomBytes(16));
  try {
    const task = parseAgentTask(parseJson(text, where));
    traceId = task.traceId ?? traceId;
    return await runParsedTask(context, { ...task, traceId });
  } catch (error) {
    if (!(error instanceof VltairError) || error.reason === 'cancelled/interrupted') throw error;
    tellRefusal(context, error, traceId);
    return error.entry.exitCode;
  }
}

async function runParsedTask(context: CommandContext, task: AgentTask): Promise<ExitCode> {
  return await whileShowing(context, async (watcher) => {
    const { runTask } = await loadEngine();
    const outcome = await runTask({ ...sessionOf(context, watcher), directory: context.directory }, task);
    watcher.end();
    return tellOutcome(context, outcome);
  });
}

/** Text that is no JSON has no sender's id to answer to: it gets an error envelope of its own. */
function tellRefusal({ output, host, configuration }: CommandContext, error: VltairError, traceId: string): void {
  if (error.reason === 'invalid_argument/json' && output.isJson) {
    const envelope = { task: { id: 'unknown' }, agent: 'vltair', traceId, failure: failureOf(error) };
    return output.json(agentError(envelope, configuration.redaction));
  }
  const { environment } = host;
  output.json({ ok: false, traceId, error: reportError(error, { environment, redaction: configuration.redaction }) });
}

function tellOutcome({ output }: CommandContext, outcome: RunOutcome): ExitCode {
  const { state, result, diff, childWaits } = outcome;
  const { run: id, status, traceId, failure, waitingFor } = state;
  const exitCode = exitCodeOf(status);
  const ok = exitCode === exitCodes.done;
  const value = ok
    ? { ok, run: id, traceId, status, result, diff }
    : { ok, run: id, traceId, status, error: failure, waitingFor, childWaits, diff };
  output.result(value, () => outcomePage(outcome, output.style));
  return exitCode;
}

async function readText(directory: string, file: string): Promise<string> {
  return new TextDecoder().decode(await readBytes(directory, file));
}
