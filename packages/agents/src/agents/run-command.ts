import { VltairError } from '@vltair/protocol';
import {
  OutputCapture,
  SandboxRequestInvalid,
  type Sandbox,
  type SandboxConversation,
  type SandboxRequest,
  type SandboxResult,
} from '@vltair/sandbox';
import { ourInstallation, resolveNode, restorePath, testEnvironment } from '../test-runners/toolchain.ts';
import type { CommandPlace, CommandPlaceOptions } from './command-place.ts';
import { SecretHandles } from './secret-handles.ts';
import type { ShellInput } from './shell-input.ts';

interface Execution {
  readonly place: CommandPlace;
  readonly traceId: string;
  readonly signal: AbortSignal;
}

export type CommandOutcome = Pick<SandboxResult, 'exitCode' | 'stdout' | 'stderr'>;

const PROCESSES = 512;
const FILE_BYTES = 256 * 1024 ** 2;
/** How `OutputCapture` ends an output that is longer than its bound. */
const CUT = /\n?\[TRUNCATED at \d+ bytes\]$/;

/**
 * How a command ended by itself, without the secrets that it was given.
 *
 * @throws VltairError when it did not: out of time, out of memory, refused, cancelled.
 */
export async function runCommand(
  { sandbox, environment }: CommandPlaceOptions,
  input: ShellInput,
  { place, traceId, signal }: Execution,
): Promise<CommandOutcome> {
  const secrets = new SecretHandles(environment);
  const restored = restorePath(environment, ourInstallation);
  const own = Object.entries(input.env).map(([name, value]) => [name, secrets.resolve(value)] as const);
  const result = await converse(sandbox, input, {
    argv: argumentsOf(input),
    workDirectory: place.directory,
    cwd: input.cwd,
    readOnlyPaths: resolveNode(restored).readOnlyPaths,
    environment: { ...testEnvironment(restored, true), ...Object.fromEntries(own) },
    limits: limitsOf(input),
    network: input.network ? 'on' : 'off',
    mode: input.sandbox,
    traceId,
    signal,
  });
  refuse(result, input, signal);
  const shown = (output: string): string => secrets.hideCut(output, CUT);
  return { exitCode: result.exitCode, stdout: shown(result.stdout), stderr: shown(result.stderr) };
}

function argumentsOf({ command = [], script }: ShellInput): SandboxRequest['argv'] {
  if (script !== undefined) return ['/bin/sh', '-c', script];
  const [program = '', ...rest] = command;
  return [program, ...rest];
}

function limitsOf({ timeoutMs, memoryBytes, maxOutputBytes }: ShellInput): SandboxRequest['limits'] {
  return {
    wallTimeMs: timeoutMs,
    memoryBytes,
    outputBytes: maxOutputBytes,
    processes: PROCESSES,
    fileBytes: FILE_BYTES,
  };
}

/** A command that is spoken to has its output read by whoever speaks. */
async function converse(
  sandbox: Sandbox,
  { stdin, maxOutputBytes }: ShellInput,
  request: SandboxRequest,
): Promise<SandboxResult> {
  try {
    if (stdin === undefined) return await sandbox.run(request);
    const stdout = new OutputCapture(maxOutputBytes);
    const speak = ({ input, output }: SandboxConversation): void => {
      output.on('data', (chunk: Buffer) => stdout.write(chunk));
      input.end(typeof stdin === 'string' ? stdin : JSON.stringify(stdin));
    };
    return { ...(await sandbox.run({ ...request, converse: speak })), stdout: stdout.text() };
  } catch (cause) {
    if (!(cause instanceof SandboxRequestInvalid)) throw cause;
    throw new VltairError('invalid_argument/agent_input', { detail: cause.message, where: cause.reason, cause });
  }
}

function refuse({ status, reason, stderr }: SandboxResult, { timeoutMs }: ShellInput, signal: AbortSignal): void {
  switch (status) {
    case 'OK':
      return;
    case 'KILLED_KILL':
      if (!reason.startsWith('more than')) return; // one of its own killed it: it ended with a code, like any other
      throw new VltairError('resource_exhausted/processes', { detail: reason });
    case 'CANCELLED':
      signal.throwIfAborted();
      throw new VltairError('cancelled/run');
    case 'TIMEOUT':
      throw new VltairError('timeout/wall', { detail: `${timeoutMs} ms` });
    case 'MEM_LIMIT':
      throw new VltairError('resource_exhausted/memory', { detail: reason });
    case 'SANDBOX_DENIED':
      throw new VltairError('unavailable/sandbox_denied', { detail: reason });
    case 'INTERNAL_ERROR':
      throw reason.startsWith('command not')
        ? new VltairError('invalid_argument/agent_input', { detail: reason, where: 'command' })
        : new VltairError('internal/sandbox', { detail: `${reason} ${stderr.slice(0, 200)}`.trim() });
  }
}
