import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { WorkspaceError, systemCode } from './workspace-error.ts';

/**
 * Runs git so that nothing of the user's set-up takes part: no inherited `GIT_*` variable, no system or global
 * configuration, no hooks, no filters, no line-ending conversion. `GIT_DIR` is always given, which also is why git's
 * `safe.directory` check does not apply.
 */
export interface GitRequest {
  readonly gitDirectory: string;
  readonly args: readonly string[];
  readonly workTree?: string;
  readonly indexFile?: string;
  /** The process's working directory. Default: the git directory. */
  readonly directory?: string;
  readonly input?: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  readonly config?: Readonly<Record<string, string>>;
  /** Exit codes that are answers, not failures. Default: 0 alone. */
  readonly allowedExitCodes?: readonly number[];
}

const CONFIGURATION: Readonly<Record<string, string>> = {
  'core.autocrlf': 'false',
  'core.attributesFile': '/dev/null',
  'core.excludesFile': '/dev/null',
  'core.fileMode': 'true',
  'core.fsmonitor': 'false',
  'core.fsync': 'all',
  'core.fsyncMethod': 'fsync',
  'core.hooksPath': '/dev/null',
  'core.looseCompression': '1',
  'core.precomposeUnicode': 'false',
  'core.protectHFS': 'false',
  'core.protectNTFS': 'false',
  'core.quotePath': 'false',
  'core.safecrlf': 'false',
  'core.symlinks': 'true',
  'gc.auto': '0',
};

/**
 * Standard output of one git command.
 * @throws WorkspaceError `git_missing`, `store_full`, `store_unwritable`, `corrupt`, `git_failed`
 */
export async function runGit(request: GitRequest): Promise<Buffer> {
  const child = spawn('git', [...request.args], {
    cwd: request.directory ?? request.gitDirectory,
    env: environmentOf(request),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve(code));
  });
  const [code, stdout, stderr] = await Promise.all([
    exit.catch((error: unknown) => Promise.reject(spawnFailure(error, request))),
    drain(child.stdout),
    drain(child.stderr),
    feed(child.stdin, request.input),
  ]);
  if (code !== null && (request.allowedExitCodes ?? [0]).includes(code)) return stdout;
  throw gitFailure(request.args, code, stderr.toString('utf8').trim());
}

function environmentOf(request: GitRequest): NodeJS.ProcessEnv {
  const config = Object.entries({ ...CONFIGURATION, ...request.config });
  return {
    PATH: process.env['PATH'] ?? '/usr/bin:/bin',
    LC_ALL: 'C',
    GIT_DIR: request.gitDirectory,
    ...(request.workTree === undefined ? {} : { GIT_WORK_TREE: request.workTree }),
    ...(request.indexFile === undefined ? {} : { GIT_INDEX_FILE: request.indexFile }),
    GIT_ATTR_NOSYSTEM: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: String(config.length),
    ...Object.fromEntries(
      config.flatMap(([key, value], at) => [
        [`GIT_CONFIG_KEY_${at}`, key],
        [`GIT_CONFIG_VALUE_${at}`, value],
      ]),
    ),
  };
}

async function drain(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function feed(stdin: NodeJS.WritableStream, input: GitRequest['input']): Promise<void> {
  try {
    await pipeline(Readable.from(input ?? [], { objectMode: false }), stdin);
  } catch (error) {
    // git stopped reading before the end: its exit code and stderr say why, and runGit reports those.
    const code = systemCode(error);
    if (code !== 'EPIPE' && code !== 'ERR_STREAM_PREMATURE_CLOSE' && code !== 'ECONNRESET') throw error;
  }
}

function spawnFailure(error: unknown, request: GitRequest): WorkspaceError {
  const directory = request.directory ?? request.gitDirectory;
  if (!existsSync(directory)) {
    return new WorkspaceError('not_a_directory', `${directory} is gone`, { path: directory, cause: error });
  }
  if (systemCode(error) === 'ENOENT') {
    return new WorkspaceError('git_missing', 'git is not on PATH; install git 2.29 or newer', { cause: error });
  }
  return new WorkspaceError('git_failed', `git could not be started: ${String(error)}`, { cause: error });
}

const FAILURES: readonly (readonly [RegExp, 'store_full' | 'store_unwritable' | 'corrupt'])[] = [
  [/No space left on device|Disk quota exceeded|File too large/u, 'store_full'],
  [/Permission denied|Read-only file system|insufficient permission/u, 'store_unwritable'],
  [/corrupt|unable to read|bad object|inflate|hash mismatch|not a git repository|missing blob|bad tree/iu, 'corrupt'],
];

function gitFailure(args: readonly string[], code: number | null, stderr: string): WorkspaceError {
  const reason = FAILURES.find(([pattern]) => pattern.test(stderr))?.[1] ?? 'git_failed';
  const outcome = code === null ? 'was killed by a signal' : `ended with exit code ${code}`;
  return new WorkspaceError(reason, `git ${args[0] ?? ''} ${outcome}: ${stderr.slice(0, 2000)}`);
}
