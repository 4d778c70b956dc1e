import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { verifies } from '../../../e2e/verifies.ts';
import { parseJson, runHere, smallProject, temporaryDirectory } from './command-fixture.ts';

// One finished repair, and everything that can be asked about it.

let directory = '';
let run = '';
beforeAll(async () => {
  directory = smallProject();
  const { code, stdout } = await runHere(['fix', '--json', '--max-candidates', '50'], { directory });
  expect(code).toBe(0);
  run = String(parseJson(stdout)['run']);
});

async function ask(...words: string[]) {
  return await runHere(words, { directory });
}

async function askJson(...words: string[]): Promise<Record<string, unknown>> {
  return parseJson((await ask(...words, '--json')).stdout);
}

describe('fix', () => {
  test('leaves the files as they are', () => {
    expect(readFileSync(join(directory, 'src/age.js'), 'utf8')).toContain('age > 18');
  });

  test('writes the repair of a finished run with --apply, without a new search, and says so', async () => {
    const copy = smallProject();
    expect((await runHere(['fix', '--quiet'], { directory: copy })).code).toBe(0);
    const applied = await runHere(['fix', '--apply'], { directory: copy });
    expect(applied.stderr).toContain('was repaired by this run');
    expect(applied.stdout).toContain('written: src/age.js');
    expect(readFileSync(join(copy, 'src/age.js'), 'utf8')).toContain('age >= 18');
    expect((await runHere(['show', 'last'], { directory: copy })).stdout).toContain(
      `written into ${copy} by ${userInfo().username}: src/age.js`,
    );
    const green = await runHere(['fix', '--json'], { directory: copy });
    expect(parseJson(green.stdout)).toMatchObject({ ok: true, diff: '', reproduced: { passed: 2, failed: 0 } });
  });
});

describe('runs', () => {
  test('lists the run', async () => {
    const { stdout } = await ask('runs');
    expect(stdout).toMatch(/^RUN +STATUS +TOOK +STARTED +WHAT\n/);
    expect(stdout).toContain(`${run}  succeeded`);
  });

  test('lists by status', async () => {
    expect(await askJson('runs', '--status', 'failed,paused')).toEqual({ ok: true, runs: [] });
    expect((await ask('runs', '--status', 'failed')).stdout).toBe('There are no runs.\n');
    expect(await askJson('runs', '--limit', '1')).toMatchObject({ runs: [{ run, status: 'succeeded' }] });
  });

  test('refuses a status that there is none', async () => {
    expect(await ask('runs', '--status', 'done')).toMatchObject({ code: 2, stderr: expect.stringContaining('"done"') });
  });
});

describe('names of runs', () => {
  test('the id, last, and any part of four characters name the run', async () => {
    for (const name of [run, 'last', run.slice(0, 8), run.slice(-4), run.slice(-6).toUpperCase()]) {
      expect(await askJson('replay', name)).toMatchObject({ run });
    }
  });

  test('other names are refused', async () => {
    expect(await ask('show', 'zzzz')).toMatchObject({ code: 2, stderr: expect.stringContaining('not_found/run') });
    expect(await ask('show', '01')).toMatchObject({ code: 2, stderr: expect.stringContaining('too short') });
  });
});

describe('show', () => {
  test('tells each node, its effects and the change', async () => {
    const { stdout, code } = await ask('show', 'last');
    expect(code).toBe(0);
    expect(stdout).toMatch(/✔ reproduce test-exec reproduce: test_failed/);
    expect(stdout).toMatch(/· try 8 edits, from 1 of \d+/);
    expect(stdout).toContain('✔ validate test-exec validate: passed');
    expect(stdout).toContain('+  return age >= 18;');
    expect(stdout).not.toContain('\u001b');
  });

  test('gives all of it as JSON', async () => {
    verifies('H-13');
    const shown = await askJson('show', run);
    expect(shown).toMatchObject({ ok: true, run, status: 'succeeded', takeovers: 0 });
    expect(shown['visits']).toMatchObject([
      { node: 'reproduce', signal: 'test_failed', attempts: [{ attempt: 1, incarnations: 1 }] },
      { node: 'debug' },
      { node: 'codegen', signal: 'repaired' },
      { node: 'validate', signal: 'passed' },
    ]);
  });

  test('prints the diff alone, byte for byte what git takes', async () => {
    const { stdout } = await ask('show', run, '--diff');
    expect(stdout).toMatch(/^diff --git a\/src\/age\.js b\/src\/age\.js\n/);
    expect(stdout).toBe((await askJson('show', run))['diff']);
  });

  test('colours the diff on a terminal, and with FORCE_COLOR, but not with NO_COLOR', async () => {
    const green = '\u001b[32m+  return age >= 18;';
    expect((await runHere(['show', run], { directory, columns: 100 })).stdout).toContain(green);
    expect((await runHere(['show', run], { directory, environment: { FORCE_COLOR: '1' } })).stdout).toContain(green);
    for (const words of [
      ['show', run, '--no-color'],
      ['--no-color', 'show', run],
    ]) {
      expect((await runHere(words, { directory, columns: 100 })).stdout).not.toContain('\u001b');
    }
    const plain = await runHere(['show', run], { directory, columns: 100, environment: { NO_COLOR: '1' } });
    expect(plain.stdout).not.toContain('\u001b');
  });
});

describe('events', () => {
  test('prints a line for each event', async () => {
    const { stdout } = await ask('events', run);
    const lines = stdout.trimEnd().split('\n');
    expect(lines[0]).toMatch(/^ {3}1 \d\d:\d\d:\d\d\.\d{3} fact {5}run\.created/);
    expect(lines.at(-1)).toMatch(/decision run\.succeeded {6}by validate$/);
  });

  test('prints the exact events as JSON lines', async () => {
    const { stdout } = await ask('events', run, '--json', '--after', '2');
    const events = stdout.trimEnd().split('\n').map(parseJson);
    expect(events[0]).toMatchObject({ run, seq: 3, kind: 'fact', payload: { type: 'effect.intended' } });
    expect(events.at(-1)).toMatchObject({ payload: { type: 'run.succeeded' } });
  });

  test('--follow ends when the run has ended', async () => {
    expect((await ask('events', run, '--follow', '--after', '5')).code).toBe(0);
  });
});

describe('replay', () => {
  test('rebuilds the sets of a moment', async () => {
    const { stdout } = await ask('events', run, '--json');
    const events = stdout.trimEnd().split('\n').map(parseJson);
    const intended = events.find(({ payload }) => (payload as { name?: string }).name === 'try edits');
    const seq = Number(intended?.['seq']);
    const state = await askJson('replay', run, '--at', `${seq}`);
    expect(state).toMatchObject({ ok: true, seq, status: 'running', lastSeq: events.length });
    expect(state).toMatchObject({
      ready: [],
      running: [{ node: 'codegen' }],
      completed: [{ node: 'reproduce' }, { node: 'debug' }],
      waiting: [{ node: 'validate' }],
    });
    expect(await askJson('replay', run, '--at', `${seq - 1}`)).toMatchObject({
      ready: [{ node: 'codegen' }],
      running: [],
    });
  });

  test('answers to a time, to --run-id and to the global --replay', async () => {
    verifies('V-52');
    verifies('XB-2');
    const end = await askJson('replay', run);
    const at = new Date(Number(end['ts'])).toISOString();
    for (const words of [
      ['replay', run, '--at', at],
      ['replay', '--run-id', run],
      ['--replay', run],
    ]) {
      expect(await askJson(...words)).toEqual(end);
    }
    expect((await ask('replay', run)).stdout).toContain('completed  reproduce (succeeded), debug (succeeded)');
  });

  test('refuses moments that the run does not have', async () => {
    for (const at of ['0', '9999', 'yesterday', '1999-01-01T00:00:00Z']) {
      expect(await ask('replay', run, '--at', at)).toMatchObject({ code: 2, stderr: expect.stringContaining('--at') });
    }
    expect((await ask('replay')).code).toBe(2);
  });

  test('--verify finds no difference', async () => {
    verifies('XB-2');
    expect(await ask('replay', run, '--verify')).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^verified: /),
    });
    expect(await askJson('replay', run, '--verify')).toMatchObject({ ok: true, differences: [] });
  });
});

describe('export, verify, import', () => {
  test('an export verifies with its key, and after any change does not', async () => {
    const place = temporaryDirectory();
    const file = join(place, 'run.jsonl');
    const { fingerprint } = await askJson('export', run, '--out', file);
    const pinned = ['verify', file, '--key', String(fingerprint)];
    expect(await ask(...pinned)).toMatchObject({ code: 0, stdout: expect.stringMatching(/^verified: /) });
    expect(await ask('verify', file)).toMatchObject({ code: 0, stderr: expect.stringContaining('key of this store') });
    expect((await runHere(['verify', file], { directory: place })).code).toBe(2);
    expect((await ask('export', run, '--out', file)).stderr).toContain('--out');
    expect((await ask('verify', file, '--key', 'f'.repeat(64))).code).toBe(1);

    const altered = join(place, 'altered.jsonl');
    writeFileSync(altered, readFileSync(file, 'utf8').replace('test_failed', 'test_passed'));
    const refused = await ask('verify', altered, '--key', String(fingerprint));
    expect(refused).toMatchObject({ code: 1, stdout: expect.stringMatching(/^refused: .*: line \d+: /) });
    const json = await askJson('verify', altered, '--key', String(fingerprint));
    expect(json).toMatchObject({ ok: false, kind: 'refused', reason: 'invalid_argument/export_altered' });
  });

  test('another store takes the export in, once', async () => {
    const place = temporaryDirectory();
    const file = join(place, 'run.jsonl');
    const { fingerprint } = await askJson('export', run, '--out', file);
    const words = ['import', file, '--key', String(fingerprint)];
    expect(await runHere(words, { directory: place })).toMatchObject({ code: 0, stdout: expect.stringContaining(run) });
    expect((await runHere(words, { directory: place })).stderr).toContain('invalid_argument/run_exists');
    const shown = await runHere(['show', run], { directory: place });
    expect(shown.stdout).toContain(`signed by ${String(fingerprint)}`);
    expect((await runHere(['replay', run, '--verify'], { directory: place })).code).toBe(0);
  });

  test('a file that was cut is taken in without its tail when that is asked for, as unsigned', async () => {
    const place = temporaryDirectory();
    const file = join(place, 'run.jsonl');
    await ask('export', run, '--out', file);
    writeFileSync(file, readFileSync(file).subarray(0, -10));
    expect((await runHere(['import', file], { directory: place })).stderr).toContain('invalid_argument/export_torn');
    const taken = await runHere(['import', file, '--drop-torn-tail'], { directory: place });
    expect(taken.stdout).toContain('signed by unsigned');
  });

  test('an export goes to stdout line by line', async () => {
    const lines = (await ask('export', run)).stdout.trimEnd().split('\n').map(parseJson);
    expect(lines.at(-1)).toHaveProperty('footer');
  });

  test('a stored run verifies where it is', async () => {
    expect(await ask('verify', 'last')).toMatchObject({ code: 0, stdout: expect.stringContaining('signed by') });
  });

  test('a stored run is refused under another key than that of its store, and verifies with several pinned', async () => {
    const { fingerprint } = await askJson('verify', run);
    const other = 'f'.repeat(64);
    expect((await ask('verify', run, '--key', other)).code).toBe(1);
    expect((await ask('verify', run, '--key', `${other},${String(fingerprint)}`)).code).toBe(0);
  });

  test('a file that is not there is neither a file nor a run', async () => {
    expect((await ask('verify', 'nowhere.jsonl')).stderr).toContain('not_found/run');
    expect((await ask('import', 'nowhere.jsonl')).stderr).toContain('not_found/file');
  });
});

describe('status, queue, cancel, resume', () => {
  test('status tells version, store, agents and settings', async () => {
    verifies('V-48');
    const environment = { VLTAIR_REDACT_PREFIXES: 'acme_', VLTAIR_REDACT_FIELDS: 'test_result=log' };
    const { stdout } = await runHere(['status'], { directory, environment });
    expect(stdout).toContain('1 succeeded');
    expect(stdout).toContain('test-exec 1: ');
    expect(stdout).toContain('prefixes: acme_; fields: test_result.log');
    expect(await askJson('status')).toMatchObject({ ok: true, store: { kind: 'open' }, sandbox: 'unknown' });
  });

  test('status --probe asks the sandbox', async () => {
    expect((await askJson('status', '--probe'))['sandbox']).toHaveProperty('mechanisms');
    expect((await ask('status', '--probe')).stdout).toMatch(/^sandbox +\S+/m);
  });

  test('status without a store says so', async () => {
    const { stdout, code } = await runHere(['status'], { directory: temporaryDirectory() });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^store +none yet$/m);
  });

  test('queue counts what waits', async () => {
    verifies('V-48');
    const report = await askJson('queue');
    expect(report).toMatchObject({ ok: true, queued: 0, workers: 0, stopped: true });
    expect(report['totals']).toMatchObject({
      retries: 0,
      rejected: 0,
      dropped: 0,
      steps: { count: expect.any(Number) },
    });
    expect((await ask('queue')).stdout).toMatch(/^0 queued, 0 workers, no process works here\nsteps: \d+ begun, /);
    const empty = await runHere(['queue', '--json'], {
      directory: temporaryDirectory(),
      environment: { VLTAIR_TEST_MODE: '1' },
    });
    expect(parseJson(empty.stdout)).toMatchObject({ queued: 0, stopped: true });
  });

  test('a run that has ended cannot be cancelled, and resuming it changes nothing', async () => {
    expect(await ask('cancel', run)).toMatchObject({ code: 2, stderr: expect.stringContaining('run_ended') });
    expect(await askJson('resume', run)).toMatchObject({ ok: true, status: 'succeeded' });
    expect((await ask('resume', run, '--parked', 'retry')).stdout).toMatch(/^succeeded in /);
    const strict = {
      VLTAIR_TEST_MODE: '1',
      VLTAIR_SANDBOX_ENABLE_CGROUPS_V2: '1',
      VLTAIR_CI_DIAG: 'diagnostics.jsonl',
    };
    expect((await runHere(['resume', run], { directory, environment: strict })).code).toBe(0);
  });

  test('doctor removes what a killed process left, and says what it cannot judge', async () => {
    const child = spawnSync(process.execPath, [
      '--eval',
      `import('${join(import.meta.dirname, '../../sandbox/src/index.ts')}').then(({ createPrivateDirectory }) => {
        process.stdout.write(createPrivateDirectory('${tmpdir()}', 'doctor').path);
        process.kill(process.pid, 'SIGKILL');
      });`,
    ]);
    const abandoned = child.stdout.toString();
    expect(existsSync(abandoned)).toBe(true);
    const strange = join(tmpdir(), `vltair-doctor-strange-1`);
    mkdirSync(strange, { recursive: true });
    onTestFinished(() => rmSync(strange, { recursive: true }));
    writeFileSync(join(strange, 'owner'), 'nobody');
    const { stdout, code } = await ask('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^! leftovers +removed \d+ of processes that were killed, /m);
    expect(stdout).toContain(`${strange} (nobody here can tell whether its owner lives)`);
    expect(stdout).toMatch(/next: where no vltair works in a container that shares this directory: rm -r /);
    expect([existsSync(abandoned), existsSync(strange)]).toEqual([false, true]);
  });

  test('doctor tries the machine', async () => {
    const { stdout, code } = await ask('doctor');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^✔ node +24\./m);
    expect(stdout).toMatch(/^✔ git +2\./m);
    expect(stdout).toMatch(/sandbox filesystem/);
  });
});

describe('a store that cannot be used', () => {
  test('none: says where it was looked for', async () => {
    const place = temporaryDirectory();
    expect(await runHere(['runs'], { directory: place })).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('error[not_found/store]'),
    });
  });

  test('corrupt: refuses, and status says so', async () => {
    const place = smallProject({ isGreen: true, damaged: 'its store becomes a text' });
    expect((await runHere(['fix', '--quiet'], { directory: place })).code).toBe(0);
    writeFileSync(join(place, '.vltair', 'vltair.db'), 'this is no database, and has never been one');
    for (const words of [['runs'], ['fix'], ['show', 'last']]) {
      const { code, stderr } = await runHere(words, { directory: place });
      expect(stderr).toContain('unavailable/store_corrupt');
      expect(code).toBe(1);
    }
    expect((await runHere(['status'], { directory: place })).stdout).toContain('The store is damaged');
    expect((await runHere(['queue'], { directory: place })).stderr).toContain('unavailable/store_corrupt');
  });

  test('newer: refuses and changes nothing', async () => {
    const place = smallProject({ isGreen: true, damaged: 'its store becomes one of a later version' });
    expect((await runHere(['fix', '--quiet'], { directory: place })).code).toBe(0);
    const database = new DatabaseSync(join(place, '.vltair', 'vltair.db'));
    database.exec('PRAGMA user_version = 999');
    database.close();
    for (const words of [['runs'], ['fix', '--json']]) {
      const { code, stderr, stdout } = await runHere(words, { directory: place });
      expect(stderr + stdout).toContain('unavailable/store_newer');
      expect(code).toBe(1);
    }
  });
});
