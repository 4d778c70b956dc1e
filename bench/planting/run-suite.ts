import { spawn } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

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

interface Ending {
  readonly code: number | 'hung';
  readonly output: string;
}

/** A suite that prints more is stopped by the kernel: 64 MB in blocks of 512 bytes, for each file that it writes. */
const fileLimit = 'ulimit -f 131072';

/** Runs a test command in a plain child process; at the end of the time its whole process group is killed. */
export async function runSuite(directory: string, command: string, timeoutMs = 60_000): Promise<SuiteResult> {
  const { code, output } = await runToEnd(directory, command, timeoutMs);
  if (code === 'hung') return { outcome: 'hung', tally: undefined, output };
  return { outcome: code === 0 ? 'green' : 'red', tally: readTally(output), output };
}

/** Output goes to a file: a runner that ends by `process.exit` loses the last lines, and its count, on a pipe. */
async function runToEnd(directory: string, command: string, timeoutMs: number): Promise<Ending> {
  const scratch = mkdtempSync(join(tmpdir(), 'vltair-suite-'));
  const path = join(scratch, 'output');
  const file = openSync(path, 'w');
  try {
    const code = await exitCode(directory, command, timeoutMs, file);
    return { code, output: readFileSync(path, 'utf8') };
  } finally {
    closeSync(file);
    rmSync(scratch, { recursive: true, force: true });
  }
}

function exitCode(directory: string, command: string, timeoutMs: number, file: number): Promise<number | 'hung'> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', ['-c', `${fileLimit}; ${command}`], {
      cwd: directory,
      detached: true,
      env: suiteEnvironment(),
      stdio: ['ignore', file, file],
    });
    let isHung = false;
    const timer = setTimeout(() => {
      isHung = true;
      killGroup(child.pid);
    }, timeoutMs);
    child.once('error', reject);
    child.once('exit', (code) => {
      clearTimeout(timer);
      killGroup(child.pid);
      resolve(isHung ? 'hung' : (code ?? 1));
    });
  });
}

function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // The group has ended by itself, which is what most suites do.
  }
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
