import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { parseJson, runHere, startCommand, temporaryDirectory, type Result } from './command-fixture.ts';

// A store is backed up and goes on; the backup is restored elsewhere, and tells what is in doubt and what is not.

const WORKFLOWS: Readonly<Record<string, string>> = {
  release: `
nodes:
  - { id: deploy, agent: shell, action: run, approval: { message: 'Deploy?' }, input: { script: 'echo deployed' } }
`,
  remind: `
nodes:
  - { id: wait, sleep: 4s }
  - { id: tell, needs: [wait], agent: shell, action: run, input: { script: 'echo told' } }
`,
  charge: `
nodes:
  - { id: charge, agent: shell, action: run, input: { script: 'sleep 60', timeoutMs: 90000 } }
`,
  count: `
nodes:
  - { id: wait, sleep: 4s }
  - { id: count, needs: [wait], agent: transform, action: evaluate, input: { expression: '20 + 22' } }
`,
  held: `
nodes:
  - { id: wait, signal: { name: go } }
`,
  add: `
nodes:
  - { id: add, agent: transform, action: evaluate, input: { expression: '1 + 1' } }
`,
};

test(
  'a backup, restored elsewhere: what may have happened since is parked and says so, the rest goes on',
  { timeout: 120_000 },
  async () => {
    const directory = temporaryDirectory();
    const ask = (words: readonly string[], store = '.vltair'): Promise<Result> =>
      runHere(words, { directory, environment: { VLTAIR_DATA_DIR: join(directory, store) } });
    const started = await startAll(directory);

    const backup = await startCommand(['backup', 'monday', '--with-key'], { directory }).result;
    expect(backup.code, backup.stderr).toBe(0);
    expect(backup.stdout).toContain('runs: 1 running, 4 paused, 1 succeeded');
    expect((await ask(['verify', 'monday'])).stdout).toContain('verified: ');

    // The original goes on: what it does now, the backup does not know.
    expect((await startCommand(['approve', started('release')], { directory }).result).stdout).toContain('deployed');
    expect((await startCommand(['resume', started('held')], { directory }).result).code).toBe(3);

    const restored = await startCommand(['restore', 'monday', '--to', 'elsewhere'], { directory }).result;
    expect(restored.code, restored.stderr).toBe(0);
    expect(restored.stdout).toContain('5 unfinished runs can go on; a call that the original may have sent is parked');
    const there = (words: readonly string[]): Promise<Result> => ask(words, 'elsewhere');
    expect((await there(['status'])).stdout).toMatch(
      /^restored +\S+Z from the backup [0-9a-f]{12}; calls in doubt are parked/m,
    );
    expect((await ask(['status'])).stdout).not.toMatch(/^restored/m);
    expect((await there(['show', started('release')])).stdout).toMatch(
      /restored +by \S+ from the backup [0-9a-f]{12} of .*; its original may have gone on/,
    );

    // Whoever works there goes on with what is in no doubt, and parks the rest.
    await sleep(4_000);
    const drained = await startCommand(['work', '--drain'], {
      directory,
      environment: { VLTAIR_DATA_DIR: 'elsewhere' },
    }).result;
    expect(drained.code, drained.stderr).toBe(0);
    const { stdout } = await there(['runs']);
    const line = (name: string): string => stdout.split('\n').find((each) => each.includes(`run ${name}`)) ?? '';
    expect(line('charge')).toMatch(/ paused .* run charge \(parked, restored: charge#1\/run command#1\)$/);
    expect(line('remind')).toMatch(/ paused .* run remind \(parked, restored: tell#1\/run command#1\)$/);
    expect(line('release')).toMatch(/ paused .* run release \(asks: deploy\)$/);
    expect(line('held')).toMatch(/ paused .*paused by /);
    expect(line('count')).toContain(' succeeded ');
    expect(line('add')).toContain(' succeeded ');
    expect((await there(['show', started('charge')])).stdout).toContain(
      'did "charge#1/run command#1" happen? The run was restored from a backup; its original may have gone on.\n' +
        `  next: vltair resume ${started('charge')} --parked retry (or fail)`,
    );

    // A person says what became of each.
    expect((await there(['resume', started('remind'), '--parked', 'retry'])).stdout).toContain('told');
    expect((await there(['resume', started('charge'), '--parked', 'fail'])).code).toBe(1);
    const approved = await there(['approve', started('release')]);
    expect([approved.code, approved.stdout]).toEqual([
      3,
      expect.stringContaining('did "deploy#1/run command#1" happen?'),
    ]);
    expect((await there(['resume', started('release'), '--parked', 'retry'])).stdout).toContain('deployed');
    expect((await there(['resume', started('held')])).stdout).toContain('waits for wait: signal go');
    expect((await there(['signal', started('held'), 'go'])).code).toBe(0);
    for (const name of Object.keys(WORKFLOWS))
      expect((await there(['verify', started(name)])).stdout, name).toContain('verified: ');
    expect((await ask(['show', started('charge')])).stdout).not.toContain('restored');
  },
);

/** One run of each workflow: asked, asleep, killed in a call that happens once at most, paused, ended. Gives their ids. */
async function startAll(directory: string): Promise<(name: string) => string> {
  for (const [name, text] of Object.entries(WORKFLOWS))
    writeFileSync(join(directory, `${name}.yaml`), `name: ${name}${text}`);
  for (const name of ['release', 'add']) await startCommand(['run', `${name}.yaml`], { directory }).result;
  await interrupt(directory, 'charge', /▸ charge/, 'SIGKILL');
  await interrupt(directory, 'held', /waits for|run [0-9a-f-]{36} in/, 'SIGINT');
  await startCommand(['pause', 'last'], { directory }).result;
  for (const name of ['remind', 'count']) await interrupt(directory, name, /run [0-9a-f-]{36} in/, 'SIGINT');
  const { stdout } = await runHere(['runs', '--json'], { directory });
  const { runs } = parseJson(stdout) as {
    readonly runs: readonly { readonly run: string; readonly workflow: string }[];
  };
  return (name) => runs.find(({ workflow }) => workflow === name)?.run ?? `no run of ${name}`;
}

async function interrupt(directory: string, name: string, when: RegExp, signal: NodeJS.Signals): Promise<void> {
  const running = startCommand(['run', `${name}.yaml`], { directory });
  onTestFinished(() => void running.process.kill('SIGKILL'));
  await running.until(when);
  await sleep(300);
  running.process.kill(signal);
  await running.result;
}
