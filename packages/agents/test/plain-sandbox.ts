import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import type { Enforcement, Sandbox, SandboxCapabilities, SandboxRequest, SandboxResult } from '@vltair/sandbox';

/**
 * The sandbox port with a process group, a timer and an output cap, and nothing else: for tests of what runs inside a
 * sandbox. It says of every mechanism that it does not hold.
 */
export class PlainSandbox implements Sandbox {
  capabilities(): Promise<SandboxCapabilities> {
    const absent = { available: false, how: 'none', reason: 'not isolated' };
    const mechanisms = {
      filesystem: absent,
      network: absent,
      processTree: absent,
      memory: absent,
      processes: absent,
      privileges: absent,
      systemCalls: absent,
    };
    return Promise.resolve({ tier: 'process-group', mechanisms, advice: [] });
  }

  async run(request: SandboxRequest): Promise<SandboxResult> {
    const temporary = mkdtempSync(join(tmpdir(), 'vltair-plain-'));
    try {
      return await runOnce(request, temporary);
    } finally {
      rmSync(temporary, { recursive: true, force: true });
    }
  }
}

async function runOnce(request: SandboxRequest, temporary: string): Promise<SandboxResult> {
  const started = performance.now();
  const [program, ...words] = request.argv;
  const cwd = join(request.workDirectory, request.cwd ?? '.');
  const env = { HOME: temporary, TMPDIR: temporary, LANG: 'C.UTF-8', TZ: 'UTC', ...request.environment };
  const child = spawn(program, words, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let isTimedOut = false;
  const timer = setTimeout(() => {
    isTimedOut = true;
    killGroup(child);
  }, request.limits.wallTimeMs);
  const cap = request.limits.outputBytes ?? 1_000_000;
  const [stdout, stderr, exitCode] = await Promise.all([
    collect(child.stdout, cap),
    collect(child.stderr, cap),
    ended(child),
  ]);
  clearTimeout(timer);
  killGroup(child);
  const status = isTimedOut ? 'TIMEOUT' : 'OK';
  const reason = isTimedOut ? 'wall timeout' : `exit code ${exitCode}`;
  const durationMs = performance.now() - started;
  return {
    status,
    exitCode: isTimedOut ? 124 : exitCode,
    reason,
    durationMs,
    stdout,
    stderr,
    traceId: request.traceId,
    enforced,
  };
}

function killGroup({ pid }: ChildProcessByStdio<null, Readable, Readable>): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is gone already.
  }
}

async function collect(stream: Readable, cap: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    if (size < cap && Buffer.isBuffer(chunk)) chunks.push(chunk.subarray(0, cap - size));
    size += Buffer.isBuffer(chunk) ? chunk.length : 0;
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return size > cap ? `${text}[TRUNCATED at ${cap} bytes]` : text;
}

function ended(child: ChildProcessByStdio<null, Readable, Readable>): Promise<number> {
  return new Promise((resolve) => {
    child.once('error', () => resolve(127));
    child.once('exit', (code, signal) => resolve(code ?? (signal === 'SIGKILL' ? 137 : 143)));
  });
}

const absent = { requested: false, applied: false, reason: 'not isolated' };
const enforced: Enforcement = {
  filesystem: absent,
  network: absent,
  processTree: absent,
  memory: absent,
  processes: absent,
  privileges: absent,
  systemCalls: absent,
};
