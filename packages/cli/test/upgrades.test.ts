import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { EventPayload } from '@vltair/protocol';
import { findRun, openStore, readingStore, type EventStore, type RunStatus } from '@vltair/server';
import { describe, expect, test } from 'vitest';
import { parseJson, runHere, startCommand, temporaryDirectory, type Result } from './command-fixture.ts';

const release = (deploy: string): string => `
name: release
nodes:
  - { id: scan, agent: transform, action: evaluate, input: { expression: 20 + 1 } }
  - { id: ask, needs: [scan], approval: { message: 'Deploy {{scan.output.value}}?' } }
  - ${deploy}
output: { did: '{{deploy.output.value}}' }
`;
const FIRST = release('{ id: deploy, agent: transform, action: evaluate, needs: [ask], input: { expression: 1 + 0 } }');
const NEXT = release(`{ id: check, agent: transform, action: evaluate, needs: [scan], input: { expression: 1 + 1 } }
  - { id: deploy, agent: transform, action: evaluate, needs: [ask, check], input: { expression: 1 + 2 } }`);

/** A directory whose newest run waits for its approval. */
async function waiting(damaged?: string): Promise<string> {
  const directory = temporaryDirectory(damaged === undefined ? {} : { damaged });
  writeFileSync(join(directory, 'release.yaml'), FIRST);
  writeFileSync(join(directory, 'next.yaml'), NEXT);
  const { code, stderr } = await runHere(['run', 'release.yaml'], { directory });
  expect(code, stderr).toBe(3);
  return directory;
}

const place = (directory: string) => ({
  dataDirectory: join(directory, '.vltair'),
  warn: (sentence: string) => expect.fail(sentence),
  configuration: { databaseUrl: undefined },
});

/** The log of the newest run as another version would have written it: a run of its own, signed as any. */
async function asWritten(
  directory: string,
  change: (payload: EventPayload) => EventPayload,
  at: { readonly events?: number; readonly status?: RunStatus } = {},
): Promise<string> {
  const store = await openStore(place(directory), 'write');
  try {
    const { run: of, ...row } = await findRun(store, 'last');
    const run = of.replace(/^../, 'ff');
    const events = (await store.read(of))
      .slice(0, at.events)
      .map(({ ts, payload }) => ({ ts, payload: change(payload) }));
    const epoch = store.ownership.kind === 'writer' ? store.ownership.epoch : 0;
    await store.append({
      run,
      tenant: row.tenant,
      expectedSeq: 0,
      epoch,
      events,
      row: { ...row, status: at.status ?? row.status },
    });
    return run;
  } finally {
    await store.close();
  }
}

const pinned =
  (pins: { readonly flags?: number[]; readonly agents?: Record<string, string> }) =>
  (payload: EventPayload): EventPayload =>
    payload.type === 'run.created' ? { ...payload, manifest: { ...payload.manifest, ...pins } } : payload;

async function typesOf(directory: string, run: string): Promise<readonly string[]> {
  const events = await readingStore(place(directory), async (store: EventStore) => await store.read(run));
  return events.map(({ payload }) => payload.type);
}

/** Of every file of the store. */
function digestOf(directory: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(join(directory, '.vltair')).toSorted())
    if (name.startsWith('vltair.db') && !name.endsWith('-shm'))
      hash.update(readFileSync(join(directory, '.vltair', name)));
  return hash.digest('hex');
}

const both = ({ stdout, stderr }: Result): string => stdout + stderr;

describe('rehearse', () => {
  test('finds nothing where every run would go on as it was recorded; ended runs are looked at on demand', async () => {
    const directory = await waiting();
    expect((await runHere(['approve', 'last'], { directory })).code).toBe(0);
    const none = await runHere(['rehearse'], { directory });
    expect([none.code, none.stdout]).toEqual([0, 'There is no run to rehearse.\n']);
    expect((await runHere(['archive'], { directory })).code).toBe(0);
    const all = await runHere(['rehearse', '--all'], { directory });
    expect([all.code, all.stdout]).toEqual([0, 'rehearsed: 1 run, all as recorded\n']);
    const named = await runHere(['rehearse', 'last', '--json'], { directory });
    expect(parseJson(named.stdout)).toEqual({ ok: true, checked: 1, same: 1, differing: 0, purged: 0, runs: [] });
  });

  test('names the run, the event, the fact that it follows from and what differs, and writes nothing', async () => {
    const directory = await waiting('a run was decided otherwise');
    const run = await asWritten(directory, (payload) =>
      payload.type === 'approval.requested' ? { ...payload, message: 'Deploy nothing?' } : payload,
    );
    const before = digestOf(directory);
    const { code, stdout } = await runHere(['rehearse'], { directory });
    expect(code).toBe(1);
    expect(stdout).toContain(`differs: ${run} paused`);
    expect(stdout).toMatch(
      /event \d+, after attempt.completed: approval.requested of ask: message was recorded as "Deploy nothing\?", and is decided as "Deploy 21\?"/,
    );
    expect(stdout).toContain('next: Let the version that began it end the run, or put the change of behaviour');
    expect(stdout).toContain('rehearsed: 2 runs: 1 as recorded, 1 differ');
    expect(digestOf(directory)).toBe(before);
    const json = parseJson((await runHere(['rehearse', '--json'], { directory })).stdout);
    expect(json).toMatchObject({
      ok: false,
      checked: 2,
      runs: [{ run, verdict: 'differs', findings: [{ kind: 'decision', afterFact: 'attempt.completed' }] }],
    });
  });

  test('says of a log that cannot be read why, and looks at the others all the same', async () => {
    const directory = await waiting('an event was altered');
    const run = await asWritten(directory, (payload) => payload);
    const database = new DatabaseSync(join(directory, '.vltair', 'vltair.db'));
    database.prepare(`UPDATE events SET payload = replace(payload, '21', '22') WHERE run = ?`).run(run);
    database.close();
    const { code, stdout } = await runHere(['rehearse', '--json'], { directory });
    expect(code).toBe(1);
    expect(parseJson(stdout)).toMatchObject({
      checked: 2,
      same: 1,
      runs: [{ run, findings: [{ kind: 'log', reason: expect.stringContaining('does not verify') as string }] }],
    });
  });

  test('beside a process that works there, and without the runs that were purged', async () => {
    const directory = await waiting('its payloads are purged');
    expect((await runHere(['cancel', 'last'], { directory })).code).toBe(0);
    expect((await runHere(['purge', 'last', '--payloads'], { directory })).code).toBe(0);
    const worker = startCommand(['work'], { directory });
    await worker.until(/working/);
    const { code, stdout } = await runHere(['rehearse', '--all'], { directory });
    worker.process.kill('SIGTERM');
    await worker.result;
    expect([code, stdout]).toEqual([0, 'There is no run to rehearse; 1 purged, which cannot be read.\n']);
  });
});

describe('a run of another version', () => {
  test('that behaves in a way that is not known here is left alone by all', async () => {
    const directory = await waiting('a run of a later version');
    const run = await asWritten(directory, pinned({ flags: [1, 900] }));
    for (const words of [
      ['resume', run],
      ['cancel', run],
      ['approve', run],
      ['migrate', run, '--to', 'next.yaml'],
    ]) {
      const refused = await runHere(words, { directory });
      expect([refused.code, both(refused)], words[0]).toEqual([1, expect.stringContaining('unavailable/newer_run')]);
      expect(both(refused)).toContain('behaviour flag 900');
    }
    expect(await typesOf(directory, run)).not.toContain('run.claimed');
    const why = 'The run behaves in a way that this version does not know: behaviour flag 900';
    expect((await runHere(['show', run], { directory })).stdout).toContain(`left alone[unavailable/newer_run]: ${why}`);
    expect((await runHere(['status'], { directory })).stdout).toContain(`left alone  ${run}: ${why}`);
    const { code, stdout } = await runHere(['rehearse'], { directory });
    expect([code, stdout]).toEqual([
      1,
      expect.stringContaining('flags: behaviour flag 900: not known to this version'),
    ]);
  });

  test('that is at work is left alone by a worker, which says so and goes on with the others', async () => {
    const directory = await waiting('a run of a later version');
    const run = await asWritten(directory, pinned({ flags: [1, 900] }), { events: 2, status: 'running' });
    const { code, stdout } = await startCommand(['work', '--drain', '--json'], { directory }).result;
    const notices = stdout.trim().split('\n').map(parseJson);
    expect(code).toBe(0);
    expect(notices.filter((notice) => notice['event'] === 'not_taken_up')).toMatchObject([
      { run, failure: { reason: 'unavailable/newer_run' } },
    ]);
    expect(await typesOf(directory, run)).toEqual(['run.created', 'attempt.scheduled']);
  });

  test('that is pinned to other agents is moved to the ones of today with its own workflow, and goes on', async () => {
    const directory = await waiting('a run of other agents');
    const run = await asWritten(directory, pinned({ agents: { transform: 'f'.repeat(64) } }));
    const refused = await runHere(['approve', run], { directory });
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(
      /unavailable\/other_version.*transform is pinned to ffffffffffff, here it is [0-9a-f]{12}/,
    );
    expect(refused.stderr).toContain('vltair migrate');
    expect((await runHere(['rehearse', run], { directory })).stdout).toContain(
      'agent: transform is pinned to ffffffffffff',
    );
    const { workflow } = await readingStore(place(directory), async (store) => {
      const [created] = await store.read(run);
      return created?.payload.type === 'run.created' ? created.payload.manifest : expect.fail('no beginning');
    });
    const moved = await runHere(['migrate', run, '--to', workflow.slice(0, 12)], { directory });
    expect([moved.code, moved.stderr]).toEqual([3, expect.stringContaining(run)]);
    expect((await runHere(['approve', run], { directory })).code).toBe(0);
    expect((await runHere(['replay', run, '--verify'], { directory })).code).toBe(0);
  });
});

describe('migrate', () => {
  test('tells what would change; then moves a run that another process owns, which goes on there', async () => {
    const directory = await waiting();
    const worker = startCommand(['work'], { directory });
    await worker.until(/working/);
    const plan = await runHere(['migrate', 'last', '--to', 'next.yaml', '--dry-run'], { directory });
    expect(plan.code).toBe(0);
    expect(plan.stdout).toMatch(/added +check\n +removed +-\n +changed +deploy/);
    const moved = await startCommand(['migrate', 'last', '--to', 'next.yaml', '--detach'], { directory }).result;
    expect([moved.code, moved.stdout]).toEqual([0, expect.stringContaining('recorded: migrate')]);
    expect((await startCommand(['approve', 'last', '--detach'], { directory }).result).code).toBe(0);
    await worker.until(/ succeeded/);
    worker.process.kill('SIGTERM');
    await worker.result;
    const shown = await runHere(['show', 'last'], { directory });
    expect(shown.stdout).toMatch(/moved to workflow release [0-9a-f]{12} by/);
    expect(shown.stdout).toContain('output: {"did":3}');
    const replayed = await runHere(['replay', 'last', '--verify'], { directory });
    expect([replayed.code, replayed.stdout]).toEqual([0, expect.stringContaining('verified')]);
  });

  test('names every obstacle and writes nothing', async () => {
    const directory = await waiting();
    writeFileSync(join(directory, 'bad.yaml'), FIRST.replace('20 + 1', '20 + 2').replace('Deploy {{', 'Really {{'));
    const before = digestOf(directory);
    for (const words of [['--dry-run'], ['--detach'], []]) {
      const refused = await runHere(['migrate', 'last', '--to', 'bad.yaml', ...words], { directory });
      expect([refused.code, refused.stderr]).toEqual([2, expect.stringContaining('invalid_argument/migration')]);
      expect(refused.stderr).toContain('scan has ended (succeeded), and its input changed');
      expect(refused.stderr).toContain('ask waits for its approval, and its approval changed');
      if (words[0] === '--dry-run') expect(digestOf(directory)).toBe(before);
    }
    expect(await typesOf(directory, await newest(directory))).not.toContain('run.migrated');
    const nowhere = await runHere(['migrate', 'last', '--to', 'abcdef0123'], { directory });
    expect([nowhere.code, nowhere.stderr]).toEqual([2, expect.stringContaining('not_found/workflow')]);
    const without = await runHere(['migrate', 'last'], { directory });
    expect([without.code, without.stderr]).toEqual([2, expect.stringContaining('--to')]);
  });
});

async function newest(directory: string): Promise<string> {
  return (await readingStore(place(directory), async (store) => await findRun(store, 'last'))).run;
}
