import { spawn } from 'node:child_process';

export interface SuiteResult {
  readonly outcome: 'green' | 'red' | 'hung';
  /** Undefined when the runner printed no count, as after a crash of the whole suite. */
  readonly tally: Tally | undefined;
  readonly output: string;
}

export interface Tally {
  readonly passed: number;
  readonly failed: number;
}

const outputLimit = 400_000;

/** Runs a test command in a plain child process; at the end of the time its whole process group is killed. */
export async function runSuite(directory: string, command: string, timeoutMs = 60_000): Promise<SuiteResult> {
  const { code, output } = await runToEnd(directory, command, timeoutMs);
  if (code === 'hung') return { outcome: 'hung', tally: undefined, output };
  return { outcome: code === 0 ? 'green' : 'red', tally: readTally(output), output };
}

function runToEnd(
  directory: string,
  command: string,
  timeoutMs: number,
): Promise<{ code: number | 'hung'; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', command], {
      cwd: directory,
      detached: true,
      env: suiteEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    let isHung = false;
    const timer = setTimeout(() => {
      isHung = true;
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
    }, timeoutMs);
    const collect = (chunk: Buffer): void => {
      output = (output + chunk.toString('utf8')).slice(-outputLimit);
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code: isHung ? 'hung' : (code ?? 1), output });
    });
  });
}

/** Only what a suite needs: no bytecode that could outlive an edit, no seed of today, no runner around this one. */
function suiteEnvironment(): NodeJS.ProcessEnv {
  return {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    CI: '1',
    NO_COLOR: '1',
    PYTHONDONTWRITEBYTECODE: '1',
    PYTHONHASHSEED: '0',
  };
}

/** Reads the last summary of node:test, tape, mocha, vitest or unittest. */
export function readTally(output: string): Tally | undefined {
  const ran = lastNumber(output, /^Ran (\d+) tests?/gm);
  if (ran !== undefined) {
    const failed = (lastNumber(output, /failures=(\d+)/g) ?? 0) + (lastNumber(output, /errors=(\d+)/g) ?? 0);
    return { passed: Math.max(ran - failed, 0), failed };
  }
  const passed =
    lastNumber(output, /^(?:#|ℹ) pass +(\d+)/gm) ??
    lastNumber(output, /^ +(\d+) passing/gm) ??
    lastNumber(output, /^ +Tests .*?(\d+) passed/gm);
  const failed =
    lastNumber(output, /^(?:#|ℹ) fail +(\d+)/gm) ??
    lastNumber(output, /^ +(\d+) failing/gm) ??
    lastNumber(output, /^ +Tests .*?(\d+) failed/gm);
  return passed === undefined && failed === undefined ? undefined : { passed: passed ?? 0, failed: failed ?? 0 };
}

function lastNumber(output: string, pattern: RegExp): number | undefined {
  const found = [...output.matchAll(pattern)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}
