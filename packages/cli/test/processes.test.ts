import { execFileSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import {
  BIN,
  exampleCopy,
  parseJson,
  runCommand,
  runHere,
  smallProject,
  startCommand,
  temporaryDirectory,
  type Running,
} from './command-fixture.ts';

// The real command in processes of its own: what happens between them, and when they die.

const SLOW = { slowMs: 200 };

async function pidsOf(directory: string): Promise<readonly string[]> {
  await sleep(300);
  const text = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' });
  return text.split('\n').filter((line) => line.includes(directory) && !line.includes('ps -eo'));
}

async function codeOf(running: Running): Promise<number | null> {
  return (await running.result).code;
}

test('a slow reader gets all of a long output', () => {
  const directory = temporaryDirectory();
  writeFileSync(join(directory, 'one.yaml'), 'name: one\nnodes: [{ id: a, sleep: 1ms }]\n');
  writeFileSync(join(directory, 'input.json'), JSON.stringify({ text: 'x'.repeat(300_000) }));
  const shell = (line: string): string => execFileSync('sh', ['-c', line], { cwd: directory, encoding: 'utf8' });
  shell(`'${BIN}' run one.yaml --input @input.json --quiet`);
  const text = shell(`'${BIN}' export last | (sleep 1; cat)`);
  expect(text.length).toBeGreaterThan(300_000);
  expect(text.trimEnd().split('\n').at(-1)).toContain('"footer"');
});

describe('demo', () => {
  test('repairs the example, shows it, and what it prints can be run', async () => {
    const place = temporaryDirectory();
    const { code, stdout, stderr } = await runCommand(['demo'], { directory: place, environment: { TMPDIR: place } });
    expect(stderr).toContain('A project whose tests fail: ');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^repaired in /);
    expect(stdout).toContain('+  return first.start < second.end && second.start < first.end;');
    expect(stdout).toContain('✔ validate test-exec validate: passed');
    const commands = stdout.match(/^ {2}\S+ (replay|verify|export) .*$/gm) ?? [];
    expect(commands).toHaveLength(4);
    for (const command of commands) {
      const words = command
        .replace(/ +#.*$/, '')
        .trim()
        .split(' ')
        .slice(1);
      expect(await runCommand(words, { directory: place })).toMatchObject({ code: 0 });
    }
  }, 90_000);
});

describe('diagnostics for CI', () => {
  test('go to the file and, in one line a command, to stderr: results stay alone on stdout', async () => {
    verifies('V-28');
    const directory = smallProject();
    const silent = await runCommand(['fix', '--json'], { directory });
    const environment = { VLTAIR_CI_DIAG: 'diagnostics.jsonl', GITHUB_ACTIONS: 'true' };
    const told = await runCommand(['fix', '--json', '--new'], { directory, environment });
    expect(silent.stderr).not.toContain('[ci-diag]');
    expect(parseJson(told.stdout)).toMatchObject({ ok: true });
    const lines = told.stderr.split('\n').filter((line) => line.startsWith('[ci-diag] '));
    expect(lines.length).toBeGreaterThan(0);
    for (const name of ['returncode', 'timed_out', 'status', 'rc_mapped', 'reason', 'duration_ms', 'traceId'])
      for (const line of lines) expect(line).toContain(` ${name}=`);
    const events = readFileSync(join(directory, 'diagnostics.jsonl'), 'utf8').trim().split('\n').map(parseJson);
    expect(events.filter(({ event }) => event !== 'start')).toHaveLength(lines.length);
  });
});

describe('two processes on one directory', () => {
  test('the same request is followed and gives the same report', async () => {
    const directory = smallProject(SLOW);
    const first = startCommand(['fix', '--json'], { directory });
    await first.until(/run \S+ in /);
    const second = runHere(['fix', '--json'], { directory });
    const results = await Promise.all([first.result, second]);
    expect(results.map(({ code }) => code)).toEqual([0, 0]);
    expect(results[1].stderr).toContain(
      `Process ${first.process.pid} works in this data directory; following its run.`,
    );
    expect(results[1].stderr).toContain('The same request has an unfinished run');
    expect(parseJson(results[1].stdout)).toEqual(parseJson(results[0].stdout));
  });

  test('resume of a run that another process works on follows it to the same end', async () => {
    const directory = smallProject(SLOW);
    const first = startCommand(['fix'], { directory });
    await first.until(/run \S+ in /);
    const resumed = runCommand(['resume', 'last'], { directory });
    expect(parseJson((await runCommand(['queue', '--json'], { directory })).stdout)).toMatchObject({ stopped: false });
    expect((await runCommand(['status'], { directory })).stdout).toContain(`process ${first.process.pid}`);
    expect(await codeOf(first)).toBe(0);
    expect(await resumed).toMatchObject({ code: 0, stderr: expect.stringContaining(`Process ${first.process.pid}`) });
    expect((await resumed).stdout).toMatch(/^succeeded in /);
  });

  test('a run is cancelled through the process that works on it', async () => {
    const directory = smallProject({ slowMs: 2_000 });
    const first = startCommand(['fix'], { directory });
    await first.until(/run \S+ in /);
    const cancelled = await runHere(['cancel', 'last', '--reason', 'wrong branch'], { directory });
    expect(cancelled).toMatchObject({ code: 0, stdout: expect.stringMatching(/^cancelled /) });
    expect(await codeOf(first)).toBe(1);
    expect((await runCommand(['show', 'last'], { directory })).stdout).toContain(': wrong branch');
    expect(await pidsOf(directory)).toEqual([]);
  });

  test('whoever follows takes over when the owner is killed', async () => {
    const directory = smallProject(SLOW);
    const first = startCommand(['fix'], { directory });
    await first.until(/run \S+ in /);
    const second = runHere(['fix', '--json', '--apply'], { directory });
    await first.until(/▸ codegen/);
    first.process.kill('SIGKILL');
    const { code, stdout, stderr } = await second;
    expect(stderr).toContain('following its run');
    expect(stderr).toContain('going on with it');
    expect(code).toBe(0);
    expect(parseJson(stdout)).toMatchObject({ ok: true, applied: { kind: 'applied', files: ['src/age.js'] } });
  });

  test('whoever follows with --apply writes the change once the owner has left', async () => {
    const directory = smallProject(SLOW);
    const first = startCommand(['fix'], { directory });
    await first.until(/run \S+ in /);
    const second = await runHere(['fix', '--json', '--apply'], { directory });
    expect(parseJson(second.stdout)).toMatchObject({ ok: true, applied: { kind: 'applied', files: ['src/age.js'] } });
    expect(await codeOf(first)).toBe(0);
  });
});

describe('a process that dies', () => {
  test('kill -9 in the middle: the same command joins the run and ends with the same diff', async () => {
    const whole = smallProject();
    const expected = parseJson((await runCommand(['fix', '--json'], { directory: whole })).stdout);
    const directory = smallProject(SLOW);
    const first = startCommand(['fix'], { directory });
    await first.until(/▸ codegen/);
    await sleep(200);
    first.process.kill('SIGKILL');
    await first.result;
    const second = await runCommand(['fix', '--json'], { directory });
    expect(second.stderr).toContain('The same request has an unfinished run; going on with it.');
    const report = parseJson(second.stdout);
    expect(report['diff']).toBe(expected['diff']);
    expect((await runCommand(['show', 'last'], { directory })).stdout).toContain('taken up  1 time');
    expect((await runCommand(['replay', 'last', '--verify'], { directory })).code).toBe(0);
    expect(await pidsOf(directory)).toEqual([]);
  });

  test('SIGINT: the run is kept, nothing goes on, resume finishes it', async () => {
    const directory = smallProject(SLOW);
    const first = startCommand(['fix'], { directory });
    await first.until(/▸ codegen/);
    first.process.kill('SIGINT');
    const { code, stderr } = await first.result;
    expect(code).toBe(130);
    const id = /interrupted; the run is kept: \S+ resume (\S+)/.exec(stderr)?.[1] ?? '';
    expect(await pidsOf(directory)).toEqual([]);
    expect((await runCommand(['runs', '--status', 'running'], { directory })).stdout).toContain(id);
    expect(await runCommand(['resume', id], { directory })).toMatchObject({ code: 0 });
  });

  test('SIGTERM is an interruption too, and says so in JSON', async () => {
    const directory = smallProject({ slowMs: 3_000 });
    const first = startCommand(['fix', '--json'], { directory });
    await first.until(/▸ reproduce/);
    first.process.kill('SIGTERM');
    const { code, stdout } = await first.result;
    expect(code).toBe(130);
    expect(parseJson(stdout)).toMatchObject({
      ok: false,
      run: expect.any(String),
      error: { reason: 'cancelled/interrupted' },
    });
  });

  test('a second signal ends the process at once', async () => {
    const directory = smallProject({ slowMs: 3_000 });
    const first = startCommand(['fix'], { directory });
    await first.until(/▸ reproduce/);
    first.process.kill('SIGINT');
    first.process.kill('SIGINT');
    const started = performance.now();
    expect(await codeOf(first)).toBe(130);
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});

describe('what a shell sees', () => {
  test('--version and --help answer on stdout', async () => {
    const directory = temporaryDirectory();
    expect(await runCommand(['--version'], { directory })).toMatchObject({
      code: 0,
      stdout: '0.6.0-alpha.0\n',
      stderr: '',
    });
    const help = await runCommand(['--help'], { directory });
    expect(help.code).toBe(0);
    for (const command of ['fix', 'demo', 'resume', 'replay', 'verify', 'doctor'])
      expect(help.stdout).toContain(command);
    expect((await runCommand(['help', 'fix'], { directory })).stdout).toContain('vltair fix packages/billing --apply');
  });

  test('a reader that goes away is no crash', async () => {
    const directory = exampleCopy('schedule-js');
    expect((await runCommand(['fix', '--max-candidates', '1', '--json'], { directory })).code).toBe(1);
    const bin = join(import.meta.dirname, '..', 'bin', 'vltair');
    const script = `set -o pipefail; "${bin}" events last | head -1; echo "\${PIPESTATUS[0]}"`;
    const output = execFileSync('bash', ['-c', script], { cwd: directory, encoding: 'utf8', stdio: 'pipe' });
    expect(output.split('\n')).toEqual([expect.stringContaining('run.created'), '0', '']);
  });

  test('a store of another user that cannot be written is read, and not worked in', async () => {
    const directory = smallProject({ isGreen: true });
    expect((await runCommand(['fix', '-q'], { directory })).code).toBe(0);
    const store = join(directory, '.vltair');
    const isRoot = process.getuid?.() === 0;
    if (isRoot) return await expectReadOnlyMount(directory, store);
    chmodSync(store, 0o500);
    expect((await runCommand(['fix'], { directory })).stderr).toContain('unavailable/store_read_only');
    expect((await runCommand(['runs'], { directory })).code).toBe(0);
    chmodSync(store, 0o700);
  });

  test('an unexpected failure prints neither values of the environment nor a stack', async () => {
    const directory = smallProject({ isGreen: true });
    const environment = { DEPLOY_TOKEN: 'hunter2-plain-words', VLTAIR_DATA_DIR: '/dev/null/hunter2-plain-words' };
    const { code, stderr } = await runCommand(['fix'], { directory, environment });
    expect(code).not.toBe(0);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toMatch(/^\s+at /m);
  });
});

async function expectReadOnlyMount(directory: string, store: string): Promise<void> {
  const bin = join(import.meta.dirname, '..', 'bin', 'vltair');
  const script = `mount --bind -o ro "${store}" "${store}" && mount -o remount,ro,bind "${store}" && { "${bin}" runs; "${bin}" fix; }`;
  const out = join(directory, 'output.txt');
  writeFileSync(out, '');
  try {
    execFileSync('unshare', ['-m', 'sh', '-c', `{ ${script}; } > "${out}" 2>&1`], { cwd: directory });
  } catch (error) {
    expect(String(error)).toContain('Command failed'); // the exit code of the refused fix
  }
  const text = readFileSync(out, 'utf8');
  expect(text).toContain('unavailable/store_read_only');
  expect(text).toContain('succeeded');
}
