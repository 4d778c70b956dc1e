import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import {
  parseJson,
  runCommand,
  runHere,
  smallProject,
  startCommand,
  type Circumstances,
  type Running,
} from './command-fixture.ts';

// Workers that stay, and the commands of other processes that reach them: real processes on one store.

const TESTS = { type: 'AgentTask', id: 'tests', protocolVersion: 1, agent: 'test-exec', payload: { action: 'run' } };
const WRITE = {
  type: 'AgentTask',
  id: 'write',
  protocolVersion: 1,
  agent: 'codegen',
  payload: { action: 'create', target: 'src/new.js', content: 'export const answer = 42;\n' },
};

/** Files that hold tasks, beside the project. */
function withTasks(directory: string): string {
  writeFileSync(join(directory, 'tests.json'), JSON.stringify(TESTS));
  writeFileSync(join(directory, 'write.json'), JSON.stringify(WRITE));
  return directory;
}

/** A worker that owns the store. */
async function startWorker(
  directory: string,
  words: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Running> {
  const worker = startMortal(['work', ...words], { directory, environment });
  await worker.until(/ working, /);
  return worker;
}

/** Does not outlive its test. */
function startMortal(words: readonly string[], circumstances: Circumstances): Running {
  const running = startCommand(words, circumstances);
  onTestFinished(() => void running.process.kill('SIGKILL'));
  return running;
}

async function stop(worker: Running): Promise<{ code: number | null; stderr: string }> {
  worker.process.kill('SIGTERM');
  return await worker.result;
}

async function eventsOf(directory: string, run = 'last'): Promise<readonly string[]> {
  const { stdout } = await runHere(['events', run, '--json'], { directory });
  return stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { payload: { type: string } }).payload.type);
}

interface Key {
  readonly fingerprint: string;
}

describe('a worker that stays', () => {
  test('takes on the runs of other processes, which follow them to the same result', async () => {
    const directory = withTasks(smallProject({ isGreen: true }));
    const worker = await startWorker(directory);
    const ran = await runHere(['run', '--file', 'tests.json', '--json'], { directory });
    expect(ran.code, ran.stderr).toBe(0);
    expect(ran.stderr).toContain(`Process ${worker.process.pid} works in this data directory; following its run.`);
    expect(ran.stderr).toContain('✔ task');
    expect(parseJson(ran.stdout)).toMatchObject({ ok: true, result: { signal: 'passed' } });
    const wrote = await runHere(['run', '--file', 'write.json', '--json'], { directory });
    expect(parseJson(wrote.stdout)).toMatchObject({ ok: true, diff: expect.stringContaining('+export const answer') });
    const { code, stderr } = await stop(worker);
    expect(code).toBe(0);
    expect(stderr).toMatch(/ started: .*\n.* succeeded\n/);
    expect(stderr).toMatch(/ draining, 0 attempts in flight\n.* stopped\n$/);
  });

  test('repairs what `fix --apply` asks for, and records that the change was written', async () => {
    const directory = smallProject();
    const worker = await startWorker(directory);
    const fixed = await runHere(['fix', '--apply', '--json'], { directory });
    expect(parseJson(fixed.stdout)).toMatchObject({ ok: true, applied: { kind: 'applied', files: ['src/age.js'] } });
    expect((await eventsOf(directory)).at(-1)).toBe('tree.applied');
    expect(await stop(worker)).toMatchObject({ code: 0 });
  });

  test('two requests at once for the same repair are one run', async () => {
    const directory = smallProject({ slowMs: 300 });
    const worker = await startWorker(directory);
    const words = ['fix', '--json'];
    const [first, second] = await Promise.all([runCommand(words, { directory }), runCommand(words, { directory })]);
    expect(parseJson(first.stdout)['run']).toBe(parseJson(second.stdout)['run']);
    const { runs } = parseJson((await runHere(['runs', '--json'], { directory })).stdout);
    expect(runs).toHaveLength(1);
    await stop(worker);
  });

  test('takes up what was left, and with --drain leaves when nothing is left to do', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 1_500 }));
    const first = startCommand(['run', '--file', 'tests.json'], { directory });
    await first.until(/▸ task/);
    first.process.kill('SIGKILL');
    await first.result;
    const { code, stdout } = await runHere(['work', '--drain', '--json'], { directory });
    expect(code).toBe(0);
    const notices = stdout.trim().split('\n').map(parseJson);
    expect(notices.map(({ event }) => event)).toEqual(['working', 'taken_up', 'rested', 'draining', 'stopped']);
    expect(notices[2]).toMatchObject({ status: 'succeeded' });
    const again = await runHere(['work', '--drain', '--json'], { directory });
    expect(again.stdout.trim().split('\n')).toHaveLength(3);
  });

  test('stands by while another works, and takes over at once when that one is killed', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 2_000 }));
    const first = await startWorker(directory);
    const second = startMortal(['work'], { directory });
    await second.until(new RegExp(`standing by: process ${first.process.pid}`));
    const run = startCommand(['run', '--file', 'tests.json', '--json'], { directory });
    await run.until(/▸ task/);
    const killed = performance.now();
    first.process.kill('SIGKILL');
    await second.until(/taken up/);
    expect(performance.now() - killed).toBeLessThan(1_500);
    expect(parseJson((await run.result).stdout)).toMatchObject({ ok: true });
    expect((await eventsOf(directory)).filter((type) => type === 'run.claimed')).toHaveLength(1);
    expect(await stop(second)).toMatchObject({ code: 0 });
  });

  test('tells what it does in a line each, and stands by until it is told to leave', async () => {
    const directory = withTasks(smallProject({ isGreen: true }));
    const [first, second] = [new AbortController(), new AbortController()];
    const owner = runHere(['work', '--concurrency', '3'], { directory, signal: first.signal });
    await expect.poll(async () => (await runHere(['queue', '--json'], { directory })).stdout).toContain('"workers":3');
    const waiting = runHere(['work'], { directory, signal: second.signal });
    const ran = await runCommand(['run', '--file', 'write.json', '--json'], { directory });
    expect(parseJson(ran.stdout)).toMatchObject({ ok: true });
    second.abort();
    expect(await waiting).toMatchObject({ code: 0, stdout: '' });
    expect((await waiting).stderr).toMatch(new RegExp(`standing by: process ${process.pid} .*\\n.* stopped\\n$`));
    first.abort();
    const { code, stdout, stderr } = await owner;
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
    const lines = stderr
      .trim()
      .split('\n')
      .map((line) => line.replace(/^\S+ /, '').replace(/^01[\w-]+ /, ''));
    expect(lines).toEqual([
      'working, 3 attempts at a time',
      'started: The task write.',
      'succeeded',
      'draining, 0 attempts in flight',
      'stopped',
    ]);
  });

  test('leaves imported runs alone, whatever has become of them', async () => {
    const origin = withTasks(smallProject({ isGreen: true, slowMs: 1_500 }));
    const run = startCommand(['run', '--file', 'tests.json'], { directory: origin });
    await run.until(/▸ task/);
    run.process.kill('SIGKILL');
    await run.result;
    const file = join(origin, 'run.jsonl');
    expect(await runHere(['export', 'last', '--out', file], { directory: origin })).toMatchObject({ code: 0 });
    const key = parseJson((await runHere(['status', '--json'], { directory: origin })).stdout)['store'] as Key;
    const directory = smallProject();
    const words = ['import', file, '--key', key.fingerprint];
    expect(await runHere(words, { directory })).toMatchObject({ code: 0 });
    const before = await eventsOf(directory);
    const { code, stdout } = await runHere(['work', '--drain', '--json'], { directory });
    expect(code).toBe(0);
    const notices = stdout.trim().split('\n').map(parseJson);
    expect(notices.map(({ event }) => event)).toEqual(['working', 'draining', 'stopped']);
    expect(await eventsOf(directory)).toEqual(before);
    const cancelled = await runHere(['cancel', 'last'], { directory });
    expect(cancelled).toMatchObject({ code: 2, stderr: expect.stringContaining('invalid_argument/run_imported') });
  });

  test('SIGTERM lets what is in flight end, and begins nothing more', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 1_500 }));
    const worker = await startWorker(directory, ['--concurrency', '1']);
    const first = startCommand(['run', '--file', 'tests.json', '--json'], { directory });
    await first.until(/▸ task/);
    const { code, stderr } = await stop(worker);
    expect({ code, stderr }).toMatchObject({
      code: 0,
      stderr: expect.stringContaining('draining, 1 attempts in flight'),
    });
    expect(stderr).toMatch(/ succeeded\n/);
    expect(parseJson((await first.result).stdout)).toMatchObject({ ok: true });
    expect(await eventsOf(directory)).not.toContain('run.claimed');
  });

  test('the grace is a bound: what does not end in it is left to the next owner', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 4_000 }));
    const worker = await startWorker(directory, ['--grace', '200ms']);
    const run = startCommand(['run', '--file', 'tests.json', '--json'], { directory });
    await run.until(/▸ task/);
    await sleep(300);
    const told = performance.now();
    expect(await stop(worker)).toMatchObject({ code: 0 });
    expect(performance.now() - told).toBeLessThan(3_000);
    expect((await run.result).stderr).toContain(`Process ${worker.process.pid} has left; going on with it here.`);
    expect(parseJson((await run.result).stdout)).toMatchObject({ ok: true });
  });

  test('a second signal ends it at once', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 4_000 }));
    const worker = await startWorker(directory);
    const run = startCommand(['run', '--file', 'tests.json'], { directory });
    await run.until(/▸ task/);
    worker.process.kill('SIGTERM');
    await worker.until(/draining/);
    worker.process.kill('SIGTERM');
    expect((await worker.result).code).toBe(130);
    expect((await run.result).code).toBe(0);
  });
});

describe('a run whose child waits for a person', () => {
  const WORKFLOW = `name: parent
nodes:
  - id: child
    subrun: { workflow: inner }
workflows:
  inner:
    nodes:
      - id: ask
        approval: { message: Go on? }
`;

  test('rests for whoever follows it, and does not keep a worker that drains', async () => {
    const directory = smallProject();
    writeFileSync(join(directory, 'ask.yaml'), WORKFLOW);
    const worker = await startWorker(directory);
    const run = await runHere(['run', 'ask.yaml', '--json'], { directory });
    expect(run.code, run.stdout).toBe(3);
    await stop(worker);
    expect((await runHere(['work', '--drain'], { directory })).code).toBe(0);
  });
});

describe('whoever follows', () => {
  test('leaves the run with its owner on SIGINT, and says where it goes on', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 1_500 }));
    const worker = await startWorker(directory);
    const run = startCommand(['run', '--file', 'tests.json'], { directory });
    await run.until(/▸ task/);
    run.process.kill('SIGINT');
    const { code, stderr } = await run.result;
    expect(code).toBe(130);
    expect(stderr).toMatch(
      new RegExp(`interrupted; the run goes on in process ${worker.process.pid}: .* events \\S+ --follow`),
    );
    await worker.until(/ succeeded/);
    expect(await stop(worker)).toMatchObject({ code: 0 });
  });

  test('goes on by itself when an owner that worked on something else has left', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 1_500 }));
    const first = startCommand(['run', '--file', 'tests.json'], { directory });
    await first.until(/▸ task/);
    await sleep(700);
    const second = await runHere(['run', '--file', 'tests.json', '--json'], { directory });
    expect((await first.result).code).toBe(0);
    expect((await first.result).stderr).not.toMatch(/▸ task[^]*▸ task/);
    expect(parseJson(second.stdout)).toMatchObject({ ok: true });
    expect(second.stderr).toContain(`Process ${first.process.pid} has left; going on with it here.`);
  });

  test('takes back on SIGINT what the owner has not looked at', async () => {
    const directory = withTasks(smallProject({ isGreen: true }));
    const worker = await startWorker(directory);
    worker.process.kill('SIGSTOP');
    const run = startCommand(['run', '--file', 'tests.json'], { directory });
    await sleep(2_000);
    run.process.kill('SIGINT');
    expect(await run.result).toMatchObject({ code: 130, stderr: expect.stringContaining('interrupted\n') });
    worker.process.kill('SIGCONT');
    expect(await stop(worker)).toMatchObject({ code: 0 });
    expect(parseJson((await runHere(['runs', '--json'], { directory })).stdout)['runs']).toEqual([]);
  });

  test('is told the reason of the owner when it refuses', async () => {
    verifies('OC-16');
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 2_000 }));
    const worker = await startWorker(directory, ['--concurrency', '1'], { SCHEDULER_MAX_QUEUE: '1' });
    const first = startCommand(['run', '--file', 'tests.json'], { directory });
    await first.until(/▸ task/);
    const second = startCommand(['run', '--file', 'write.json'], { directory });
    await second.until(/run \S+ in /);
    const third = await runHere(['run', '--file', 'write.json', '--json'], { directory });
    expect(parseJson(third.stdout)).toMatchObject({
      ok: false,
      error: { reason: 'queue_full/scheduler', retryable: true },
    });
    const ask = async () => parseJson((await runHere(['queue', '--json'], { directory })).stdout);
    await expect
      .poll(ask, { timeout: 1_500 })
      .toMatchObject({ queued: 1, workers: 1, stopped: false, totals: { rejected: 1 } });
    expect([(await first.result).code, (await second.result).code]).toEqual([0, 0]);
    await stop(worker);
    const after = parseJson((await runCommand(['queue', '--json'], { directory })).stdout);
    expect(after).toMatchObject({ totals: { started: 2, rejected: 1, dropped: 0, steps: { count: 2 } } });
  });
});

describe('a cancellation from another process', () => {
  test('is applied once although its owner is killed before it has answered', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 20_000 }));
    const [first, second] = [await startWorker(directory), startMortal(['work'], { directory })];
    await second.until(/standing by/);
    const run = startCommand(['run', '--file', 'tests.json', '--json'], { directory });
    await run.until(/▸ task/);
    first.process.kill('SIGSTOP');
    const cancelling = startCommand(['cancel', 'last', '--json'], { directory });
    await sleep(1_000);
    first.process.kill('SIGKILL');
    expect(parseJson((await cancelling.result).stdout)).toMatchObject({ ok: true, answer: 'accepted' });
    expect((await run.result).code).toBe(1);
    expect((await eventsOf(directory)).filter((type) => type === 'cancel.requested')).toHaveLength(1);
    expect(await stop(second)).toMatchObject({ code: 0 });
  });

  test('ends the sandboxed processes of the run', async () => {
    const directory = withTasks(smallProject({ isGreen: true, slowMs: 40_000 }));
    const worker = await startWorker(directory);
    const run = startCommand(['run', '--file', 'tests.json', '--json'], { directory });
    await run.until(/▸ task/);
    const sandboxed = (): readonly string[] => testProcessesBelow(String(worker.process.pid));
    expect(await isTrueWithin(30_000, () => sandboxed().length > 0), (await eventsOf(directory)).join(' ')).toBe(true);
    const there = sandboxed();
    expect(await runHere(['cancel', 'last'], { directory })).toMatchObject({ code: 0 });
    const areGone = (): boolean => !there.some(isTestProcess);
    expect(await isTrueWithin(10_000, areGone)).toBe(true); // the test itself would take much longer
    await worker.until(/ cancelled/);
    expect((await run.result).code).toBe(1);
    await stop(worker);
  });
});

async function isTrueWithin(milliseconds: number, look: () => boolean): Promise<boolean> {
  const end = performance.now() + milliseconds;
  while (!look()) {
    if (performance.now() > end) return false;
    await sleep(20);
  }
  return true;
}

/** Processes that run tests for a worker, in every tier: below it, or below those that are. */
function testProcessesBelow(worker: string): readonly string[] {
  const all = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid));
  const parents = new Map(all.map((pid) => [pid, /^\d+ \(.*\) \S (\d+)/.exec(contentOf(pid, 'stat'))?.[1]]));
  const isBelow = (pid: string | undefined): boolean =>
    pid !== undefined && (parents.get(pid) === worker || isBelow(parents.get(pid)));
  return all.filter((pid) => isTestProcess(pid) && isBelow(pid));
}

function isTestProcess(pid: string): boolean {
  return contentOf(pid, 'cmdline').includes('/.vltair-tests/');
}

/** Nothing, of a process that has ended since it was listed. */
function contentOf(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return ''; // it has ended
  }
}
