import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, delimiter, dirname, isAbsolute, join, relative, resolve } from 'node:path';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where we are installed: what lies below is ours, not the user's. */
export const ourInstallation = join(import.meta.dirname, '..', '..', '..', '..');

/** A program of the user's that runs tests, and what a sandbox must let it read. */
export interface Toolchain {
  /** The program as it is started. */
  readonly program: string;
  readonly readOnlyPaths: readonly string[];
  /** One sentence for a person: which program and why that one. */
  readonly why: string;
}

/**
 * The environment as it was before `npm run` or `npx` of our own installation: PATH without our directories, no `npm_*`.
 * Otherwise the user's tests would run on the Node that we carry, and would see our package as theirs.
 */
export function restorePath(environment: Environment, ourRoot: string): Record<string, string> {
  const entries = Object.entries(environment).filter(([name]) => !/^npm_/i.test(name));
  const restored: Record<string, string> = {};
  for (const [name, value] of entries) if (value !== undefined) restored[name] = value;
  const path = (restored['PATH'] ?? '').split(delimiter).filter((entry) => entry !== '' && !isBelow(entry, ourRoot));
  return { ...restored, PATH: path.join(delimiter) };
}

export function isBelow(path: string, directory: string): boolean {
  const inside = relative(resolve(directory), resolve(path));
  return inside !== '..' && !inside.startsWith('../') && !isAbsolute(inside);
}

/** Variables that reach the tests: none that could hold a secret. */
const passedVariables = ['PATH', 'CI', 'NODE_ENV', 'PYTHONPATH', 'VIRTUAL_ENV'] as const;

/** Those of the caller's own coverage tool (AR-1, AR-6). They stay behind when we measure: two tracers spoil each other. */
const coverageVariables = ['NODE_V8_COVERAGE', 'COVERAGE_FILE', 'COVERAGE_PROCESS_START', 'COVERAGE_RCFILE'] as const;

/** The environment of a test process: an allow-list of the restored one, with colours off. */
export function testEnvironment(restored: Readonly<Record<string, string>>, measures: boolean): Record<string, string> {
  const environment: Record<string, string> = {
    NO_COLOR: '1',
    FORCE_COLOR: '0',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONUNBUFFERED: '1',
  };
  for (const name of measures ? passedVariables : [...passedVariables, ...coverageVariables]) {
    const value = restored[name];
    if (value !== undefined) environment[name] = value;
  }
  return environment;
}

/** The user's Node from the restored PATH; ours when there is none. */
export function resolveNode(restored: Readonly<Record<string, string>>): Toolchain {
  const found = findProgram('node', restored['PATH'] ?? '');
  const program = behindShim(found ?? process.execPath, ['-p', 'process.execPath'], restored);
  const why =
    found === undefined ? `no node on PATH: the tests run on VLTAIR's own ${program}` : `node from PATH: ${program}`;
  return { program, readOnlyPaths: installationOf(program), why };
}

/**
 * The Python of the project: `.venv` or `venv` in its directory, an activated environment, else /usr/bin/python3. Never a
 * version manager's shim: what a shim points to is outside an allow-listed file system.
 */
export function resolvePython(directory: string, restored: Readonly<Record<string, string>>): Toolchain {
  const environments = [join(directory, '.venv'), join(directory, 'venv'), restored['VIRTUAL_ENV'] ?? ''];
  const virtual = environments.find((path) => path !== '' && isExecutable(join(path, 'bin', 'python')));
  if (virtual === undefined) return systemPython(restored);
  const program = join(virtual, 'bin', 'python');
  const readOnlyPaths = [virtual, realpathSync(virtual), ...installationOf(realpathSync(program))];
  return { program, readOnlyPaths: [...new Set(readOnlyPaths)], why: `the virtual environment ${virtual}` };
}

function systemPython(restored: Readonly<Record<string, string>>): Toolchain {
  const system = '/usr/bin/python3';
  if (isExecutable(system))
    return { program: system, readOnlyPaths: [], why: `${system}: the project has no virtual environment` };
  const shim = findProgram('python3', restored['PATH'] ?? '');
  const found =
    shim === undefined ? 'python3' : behindShim(shim, ['-c', 'import sys; print(sys.executable)'], restored);
  return {
    program: found,
    readOnlyPaths: isAbsolute(found) ? installationOf(realpathSync(found)) : [],
    why: `python3 from PATH: ${found}`,
  };
}

const shimAnswerMs = 5000;

/**
 * The real program behind a version manager's shim, which is a script or a program of another name and is of no use where
 * the manager's own files cannot be read: the shim itself is asked, once, outside of the sandbox.
 */
function behindShim(path: string, question: readonly string[], restored: Readonly<Record<string, string>>): string {
  const real = realpathSync(path);
  if (basename(real).startsWith(basename(path)) && !isScript(real)) return real;
  const answer =
    spawnSync(path, question, { env: restored, encoding: 'utf8', timeout: shimAnswerMs }).stdout?.trim() ?? '';
  return isAbsolute(answer) && isExecutable(answer) ? realpathSync(answer) : real;
}

function isScript(path: string): boolean {
  const file = openSync(path, 'r');
  try {
    const start = Buffer.alloc(2);
    readSync(file, start, 0, start.length, 0);
    return start.toString('latin1') === '#!';
  } finally {
    closeSync(file);
  }
}

/** First executable file of that name on a PATH. */
export function findProgram(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((entry) => isAbsolute(entry))
    .map((entry) => join(entry, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false; // Not there or not ours to run: either way not a program for us.
  }
}

/** The installation that a program belongs to (`prefix` of `prefix/bin/program`); nothing for what lies in /usr, which is always readable. */
function installationOf(program: string): readonly string[] {
  return isBelow(program, '/usr') || isBelow(program, '/bin') ? [] : [dirname(dirname(program))];
}
