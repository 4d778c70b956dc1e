/** Checks a request at the edge and fills in what it leaves open; everything behind it works on {@link Order}. */
import { isAbsolute, normalize, resolve } from 'node:path';
import { homedir } from 'node:os';
import { lstatSync } from 'node:fs';
import type { SandboxConversation, SandboxRequest } from './port.ts';

/** The caller's mistake, found before anything was started. */
export class SandboxRequestInvalid extends Error {
  override readonly name = 'SandboxRequestInvalid';
  readonly reason: string;
  readonly detail: string;

  constructor(fault: { reason: string; detail: string }) {
    super(`${fault.reason}: ${fault.detail}`);
    this.reason = fault.reason;
    this.detail = fault.detail;
  }
}

/** A request that is complete and whose paths are absolute and clean. */
export interface Order {
  readonly argv: readonly [string, ...string[]];
  readonly workDirectory: string;
  readonly directory: string;
  readonly readOnlyPaths: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly limits: Limits;
  readonly network: 'off' | 'on';
  readonly mode: 'strict' | 'best-effort';
  readonly traceId: string;
  readonly signal: AbortSignal | undefined;
  readonly converse: ((conversation: SandboxConversation) => void) | undefined;
}

export interface Limits {
  readonly wallTimeMs: number;
  readonly memoryBytes: number | undefined;
  readonly processes: number;
  readonly cpuSeconds: number | undefined;
  readonly fileBytes: number;
  readonly outputBytes: number;
}

/** What holds when a request names no limit: room for a parallel test runner, none for a fork bomb or a filled disk. */
export const DEFAULT_LIMITS = { processes: 1024, fileBytes: 1024 ** 3, outputBytes: 1024 ** 2 } as const;

/** Longest timer that Node keeps: a larger delay fires at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Directories whose whole content is never shown to a command. A folder below them may be. */
const NEVER_SHOWN = [
  '/',
  '/boot',
  '/dev',
  '/etc',
  '/home',
  '/proc',
  '/root',
  '/run',
  '/sys',
  '/tmp',
  '/var',
  '/var/run',
  '/var/tmp',
];

export function acceptRequest(request: SandboxRequest): Order {
  const workDirectory = acceptWorkDirectory(request.workDirectory);
  return {
    argv: acceptArguments(request.argv),
    workDirectory,
    directory: acceptDirectory(workDirectory, request.cwd ?? '.'),
    readOnlyPaths: [...new Set((request.readOnlyPaths ?? []).map((path) => acceptPath('readOnlyPaths', path)))],
    environment: acceptEnvironment(request.environment ?? {}),
    limits: acceptLimits(request.limits),
    network: request.network ?? 'off',
    mode: request.mode ?? 'best-effort',
    traceId: acceptTraceId(request.traceId),
    signal: request.signal,
    converse: request.converse,
  };
}

function acceptArguments(argv: SandboxRequest['argv']): SandboxRequest['argv'] {
  if (argv[0] === '') throw new SandboxRequestInvalid({ reason: 'argv', detail: 'the program has no name' });
  if (argv.some((argument) => argument.includes('\0'))) {
    throw new SandboxRequestInvalid({ reason: 'argv', detail: 'an argument holds a NUL byte' });
  }
  return argv;
}

function acceptWorkDirectory(path: string): string {
  const clean = acceptPath('workDirectory', path);
  if (lstatSync(clean, { throwIfNoEntry: false })?.isDirectory() !== true) {
    throw new SandboxRequestInvalid({ reason: 'workDirectory', detail: `${clean} is not a directory` });
  }
  return clean;
}

function acceptDirectory(workDirectory: string, cwd: string): string {
  const directory = resolve(workDirectory, cwd);
  if (directory !== workDirectory && !directory.startsWith(`${workDirectory}/`)) {
    throw new SandboxRequestInvalid({ reason: 'cwd', detail: `${cwd} leaves the work directory` });
  }
  return directory;
}

function acceptPath(reason: string, path: string): string {
  if (!isAbsolute(path) || /[\0\n]/.test(path)) {
    throw new SandboxRequestInvalid({ reason, detail: `${JSON.stringify(path)} is not a usable absolute path` });
  }
  const clean = normalize(path).replace(/(?<=.)\/+$/, '');
  if (NEVER_SHOWN.includes(clean) || clean === homedir()) {
    throw new SandboxRequestInvalid({ reason, detail: `${clean} is never shown to a command; name a folder below it` });
  }
  return clean;
}

function acceptEnvironment(environment: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  // Values may be secrets: a message names the variable alone.
  for (const [name, value] of Object.entries(environment)) {
    if (name === '' || /[=\0]/.test(name) || value.includes('\0')) {
      throw new SandboxRequestInvalid({
        reason: 'environment',
        detail: `${JSON.stringify(name)} cannot be a variable`,
      });
    }
  }
  return environment;
}

function acceptLimits(limits: SandboxRequest['limits']): Limits {
  const accept = (name: keyof SandboxRequest['limits'], smallest: number, value: number): number => {
    if (Number.isSafeInteger(value) && value >= smallest) return value;
    throw new SandboxRequestInvalid({
      reason: `limits.${name}`,
      detail: `${String(value)} is not a whole number from ${String(smallest)}`,
    });
  };
  const optional = (name: keyof SandboxRequest['limits'], smallest: number): number | undefined => {
    const value = limits[name];
    return value === undefined ? undefined : accept(name, smallest, value);
  };
  return {
    wallTimeMs: Math.min(accept('wallTimeMs', 1, Math.ceil(limits.wallTimeMs)), LONGEST_TIMER_MS),
    memoryBytes: optional('memoryBytes', 1024 ** 2),
    processes: optional('processes', 1) ?? DEFAULT_LIMITS.processes,
    cpuSeconds: optional('cpuSeconds', 1),
    fileBytes: optional('fileBytes', 1) ?? DEFAULT_LIMITS.fileBytes,
    outputBytes: optional('outputBytes', 0) ?? DEFAULT_LIMITS.outputBytes,
  };
}

function acceptTraceId(traceId: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/.test(traceId)) return traceId;
  throw new SandboxRequestInvalid({
    reason: 'traceId',
    detail: `${JSON.stringify(traceId)} is not 1 to 64 letters, digits, '.', '_' or '-'`,
  });
}
