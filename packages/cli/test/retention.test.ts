import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseJson, runHere, startCommand, temporaryDirectory, type Result } from './command-fixture.ts';

const SECRET = 'Zauberwort-4711';

/** A store with runs that have ended, which say the secret, and one that asks. */
async function aStore(ended = 1, damaged?: string): Promise<string> {
  const directory = temporaryDirectory(damaged === undefined ? {} : { damaged });
  writeFileSync(
    join(directory, 'say.yaml'),
    `name: say\nnodes:\n  - { id: say, agent: transform, action: evaluate, input: { expression: '"${SECRET}"' } }\n`,
  );
  writeFileSync(join(directory, 'ask.yaml'), 'name: ask\nnodes:\n  - { id: ask, approval: { message: Go? } }\n');
  for (let run = 0; run < ended; run += 1) expect((await runHere(['run', 'say.yaml'], { directory })).code).toBe(0);
  return directory;
}

async function ask(directory: string, ...words: readonly string[]): Promise<Result> {
  return await runHere(words, { directory });
}

async function refused(directory: string, ...words: readonly string[]): Promise<string> {
  const { code, stderr } = await ask(directory, ...words);
  expect(code, words.join(' ')).toBeGreaterThan(0);
  return stderr;
}

function filesWith(directory: string, word: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => readFileSync(path).includes(word));
}

describe('archive', () => {
  test('what reads, verifies, exports and replays a run says the same before and after; the second time moves nothing', async () => {
    const directory = await aStore();
    const words = [
      ['verify', 'last'],
      ['export', 'last'],
      ['replay', 'last', '--verify'],
      ['events', 'last', '--json'],
    ];
    const before = await Promise.all(words.map(async (each) => await ask(directory, ...each)));
    expect(before.map(({ code }) => code)).toEqual([0, 0, 0, 0]);
    const { stdout: page } = await ask(directory, 'show', 'last');
    expect((await ask(directory, 'archive')).stdout).toMatch(/^archived 1 run in [\d.]+ k?B\n$/);
    expect(await Promise.all(words.map(async (each) => await ask(directory, ...each)))).toEqual(before);
    const { stdout: after } = await ask(directory, 'show', 'last');
    expect(after).toMatch(/^ +archived +20/m);
    expect(squeezed(after.replace(/^ +archived .*\n/m, ''))).toBe(squeezed(page));
    const { runs } = parseJson((await ask(directory, 'runs', '--json')).stdout);
    expect(runs).toEqual([expect.objectContaining({ status: 'succeeded', archivedTs: expect.any(Number) })]);
    expect(parseJson((await ask(directory, 'archive', '--json')).stdout)).toEqual({ ok: true, archived: [] });
  });

  test('takes none that is too young, and refuses one that has not ended, of those that are named and as a status', async () => {
    const directory = await aStore();
    await ask(directory, 'run', 'ask.yaml');
    const { runs } = parseJson((await ask(directory, 'runs', '--json')).stdout);
    const [open = '', ended = ''] = (runs as readonly { readonly run: string }[]).map(({ run }) => run);
    expect((await ask(directory, 'archive', '--older-than', '1h')).stdout).toBe('archived 0 runs in 0 B\n');
    expect(await refused(directory, 'archive', ended, open)).toContain('invalid_argument/run_unfinished');
    expect(await refused(directory, 'archive', '--status', 'succeeded,paused')).toContain('has not ended');
    expect(await refused(directory, 'archive', 'ffffffff')).toContain('not_found/run');
    expect(parseJson((await ask(directory, 'archive', '--json')).stdout)['archived']).toHaveLength(1);
    expect((await ask(directory, 'verify', open)).code).toBe(0);
  });

  test('leaves a broken run where it is, moves the others, and says so', async () => {
    const directory = await aStore(3, 'one of its runs is forged');
    const listed = async (): Promise<readonly { readonly run: string; readonly archivedTs?: number }[]> =>
      parseJson((await ask(directory, 'runs', '--json')).stdout)['runs'] as [];
    const newest = (await listed())[0]?.run ?? '';
    const database = new DatabaseSync(join(directory, '.vltair', 'vltair.db'));
    database.prepare("UPDATE events SET hash = replace(hash, 'a', 'b') WHERE run = ? AND seq = 1").run(newest);
    database.close();
    expect(await refused(directory, 'archive')).toContain('internal/chain_broken');
    expect((await listed()).map(({ archivedTs }) => archivedTs !== undefined)).toEqual([false, true, true]);
  });

  test('beside a worker moves runs away under it', async () => {
    const directory = await aStore(3);
    const worker = startCommand(['work'], { directory });
    onTestFinished(() => void worker.process.kill('SIGKILL'));
    await worker.until(/ working, /);
    expect((await ask(directory, 'archive')).stdout).toContain('archived 3 runs');
    expect((await ask(directory, 'verify', 'last')).code).toBe(0);
    worker.process.kill('SIGTERM');
    expect(await worker.result).toMatchObject({ code: 0 });
  });
});

describe('purge', () => {
  test('leaves no byte of what a run said, and the pages, the proof and the exports say so', async () => {
    const directory = temporaryDirectory({ damaged: 'its run is purged, and cannot be replayed' });
    const made = await aStore();
    const environment = { VLTAIR_DATA_DIR: join(directory, 'data') };
    const here = async (...words: readonly string[]): Promise<Result> =>
      await runHere(words, { directory: made, environment });
    expect((await here('run', 'say.yaml')).code).toBe(0);
    expect(filesWith(join(directory, 'data'), SECRET)).not.toEqual([]);
    expect((await here('purge', 'last', '--dry-run')).stdout).toMatch(/^would purge \S+: \d+ payloads\n$/);
    expect(filesWith(join(directory, 'data'), SECRET)).not.toEqual([]);
    expect((await here('purge', 'last', '--reason', 'asked for')).stdout).toMatch(/^purged \S+: \d+ payloads\n/);
    expect((await here('gc', '--grace', '1ms')).code).toBe(0);
    expect(filesWith(join(directory, 'data'), SECRET)).toEqual([]);
    expect((await here('verify', 'last')).stdout).toMatch(
      /verified: .*succeeded\n[^]* payloads were purged; their digests hold/,
    );
    expect((await here('show', 'last')).stdout).toMatch(/purged +\d+ payloads by \S+ at .*: asked for/);
    expect((await here('runs')).stdout).toContain('(payloads purged)');
    expect((await here('events', 'last')).stdout).toContain('payload purged');
    expect((await here('replay', 'last', '--verify')).stderr).toContain('not_found/payload');
    expect((await here('export', 'last', '--out', join(directory, 'x.jsonl'))).code).toBe(0);
    expect((await here('verify', join(directory, 'x.jsonl'))).stdout).toContain('payloads were purged');
  });

  test('of a run takes its children along, of which each says a part of what it said', async () => {
    const directory = temporaryDirectory({ damaged: 'its runs are purged, and cannot be replayed' });
    const expression = `'"${SECRET} " + name'`;
    writeFileSync(
      join(directory, 'family.yaml'),
      `name: family
nodes:
  - { id: first, subrun: { workflow: greet }, input: { name: ann } }
workflows:
  greet:
    nodes:
      - { id: speak, agent: transform, action: evaluate, input: { values: { name: x }, expression: ${expression} } }
`,
    );
    expect(await ask(directory, 'run', 'family.yaml')).toMatchObject({ code: 0 });
    await ask(directory, 'archive');
    const { runs } = parseJson((await ask(directory, 'runs', '--json')).stdout);
    const ids = (runs as readonly { readonly run: string }[]).map(({ run }) => run);
    const [parent = ''] = ids.toSorted((left, right) => left.length - right.length);
    expect(ids).toHaveLength(2);
    expect((await ask(directory, 'purge', parent)).stdout.match(/^purged /gm)).toHaveLength(2);
    expect(filesWith(join(directory, '.vltair'), SECRET)).toEqual([]);
    for (const run of ids) expect((await ask(directory, 'verify', run)).stdout).toContain('payloads were purged');
  });

  test('is refused to a run that has not ended, and while a process works there', async () => {
    const directory = await aStore();
    await ask(directory, 'run', 'ask.yaml');
    expect(await refused(directory, 'purge', 'last')).toContain('invalid_argument/run_unfinished');
    expect(await refused(directory, 'purge', 'last', '--dry-run')).toContain('invalid_argument/run_unfinished');
    const worker = startCommand(['work'], { directory });
    onTestFinished(() => void worker.process.kill('SIGKILL'));
    await worker.until(/ working, /);
    expect(await refused(directory, 'purge', 'last')).toContain(`process ${worker.process.pid} owns`);
    expect(await refused(directory, 'gc')).toContain('unavailable/store_locked');
    expect((await ask(directory, 'gc', '--dry-run')).code).toBe(0);
    worker.process.kill('SIGTERM');
    await worker.result;
  });
});

describe('gc', () => {
  test('says what it would remove, removes as much, and then finds nothing', async () => {
    const directory = await aStore(2);
    writeFileSync(join(directory, 'note.txt'), 'a file that only the next run has in its tree');
    await ask(directory, 'run', 'say.yaml');
    const purged = temporaryDirectory({ damaged: 'one of its runs is purged' });
    expect((await ask(directory, 'backup', join(purged, 'copy'), '--with-key')).code).toBe(0);
    expect((await ask(directory, 'restore', join(purged, 'copy'), '--to', join(purged, 'data'))).code).toBe(0);
    const environment = { VLTAIR_DATA_DIR: join(purged, 'data') };
    const there = async (...words: readonly string[]): Promise<Record<string, unknown>> =>
      parseJson((await runHere([...words, '--json'], { directory, environment })).stdout);
    const objects = { objects: 0, bytes: 0, inUse: false };
    expect(await there('gc', '--dry-run', '--grace', '1ms')).toMatchObject({ dryRun: true, objects });
    await there('purge', 'last');
    const planned = await there('gc', '--dry-run', '--grace', '1ms');
    expect(planned).toMatchObject({ objects: { objects: expect.any(Number), inUse: false } });
    expect(planned['objects']).not.toEqual(objects);
    expect(await there('gc', '--grace', '1ms')).toMatchObject({
      objects: planned['objects'],
      store: { isWiped: true },
    });
    expect(await there('gc', '--dry-run', '--grace', '1ms')).toMatchObject({ objects });
    for (const { run } of (await there('runs'))['runs'] as readonly { readonly run: string }[])
      expect(await there('verify', run)).toMatchObject({ ok: true });
  });

  test('of a directory without a store is refused, dry or not, and makes none', async () => {
    const directory = temporaryDirectory();
    mkdirSync(join(directory, '.vltair'));
    for (const words of [['gc'], ['gc', '--dry-run'], ['archive'], ['backup', 'copy']])
      expect(await refused(directory, ...words), words.join(' ')).toContain('not_found/store');
    expect(readdirSync(join(directory, '.vltair'))).toEqual([]);
    expect(existsSync(join(directory, 'copy'))).toBe(false);
  });
});

describe('backup and restore', () => {
  test('refuse, naming what is wrong, and leave nothing', async () => {
    const directory = await aStore();
    expect((await ask(directory, 'backup', 'copy')).code).toBe(0);
    expect(await refused(directory, 'backup', 'copy')).toContain('invalid_argument/not_empty');
    expect(await refused(directory, 'backup', 'say.yaml')).toContain('invalid_argument/not_empty');
    expect(await refused(directory, 'restore', 'copy')).toContain('restore needs --to DIR');
    expect(await refused(directory, 'restore', 'copy', '--to', 'new')).toContain('--key');
    const key = join('.vltair', 'keys', 'signing.key');
    expect(await refused(directory, 'restore', 'copy', '--to', '.vltair', '--key', key)).toContain('not_empty');
    expect(await refused(directory, 'restore', 'nowhere', '--to', 'new', '--key', key)).toContain('not_found/file');
    expect(await refused(directory, 'restore', 'copy', '--to', 'new', '--key', 'absent')).toContain('not_found/file');
    expect(await refused(directory, 'verify', 'copy', '--key', 'f'.repeat(64))).toContain('is signed by');
    truncateSync(join(directory, 'copy', 'store.db'), 4_096);
    for (const words of [
      ['verify', 'copy'],
      ['restore', 'copy', '--to', 'new', '--key', key],
    ])
      expect(await refused(directory, ...words)).toMatch(/invalid_argument\/backup.*it has 4096 bytes/s);
    expect(readdirSync(directory).toSorted()).toEqual(['.vltair', 'ask.yaml', 'copy', 'say.yaml']);
  });

  test('killed with -9 leave a draft that is refused, and goes with the next', async () => {
    const directory = await aStore(3);
    let drafts: readonly string[] = [];
    for (let number = 1; drafts.length === 0 && number <= 40; number += 1) {
      const backup = startCommand(['backup', `copy-${number}`, '--with-key'], { directory });
      const watcher = watch(directory, (_, name) => {
        if (name?.includes('.partial-') === true) backup.process.kill('SIGKILL');
      });
      await backup.result;
      watcher.close();
      drafts = readdirSync(directory).filter((name) => name.includes('.partial-'));
      // One that was killed between its manifest and its name is whole: it is none that has to be refused.
      for (const whole of drafts.filter((name) => existsSync(join(directory, name, 'manifest.json'))))
        rmSync(join(directory, whole), { recursive: true });
      drafts = drafts.filter((name) => existsSync(join(directory, name)));
    }
    const [draft = 'no backup was killed in its middle'] = drafts;
    expect(await refused(directory, 'restore', draft, '--to', 'new')).toContain('it was not finished, or is no backup');
    const [name = ''] = draft.split('.');
    expect((await ask(directory, 'backup', name, '--with-key')).code).toBe(0);
    expect(readdirSync(directory).filter((each) => each.includes('.partial-'))).toEqual([]);
    expect((await ask(directory, 'restore', name, '--to', 'new')).code).toBe(0);
  });

  test('for reading, without the key: runs are shown and verified by the old key, and none goes on', async () => {
    const directory = await aStore(1, 'what is restored for reading has the commits of a key that is not there');
    await ask(directory, 'run', 'ask.yaml');
    const { fingerprint } = parseJson((await ask(directory, 'backup', 'copy', '--json')).stdout);
    expect((await ask(directory, 'restore', 'copy', '--to', 'new', '--new-key')).stdout).toContain(
      'no unfinished run goes on here',
    );
    const environment = { VLTAIR_DATA_DIR: join(directory, 'new') };
    const there = async (...words: readonly string[]): Promise<Result> =>
      await runHere(words, { directory, environment });
    expect((await there('show', 'last')).stdout).toContain('paused');
    expect((await there('verify', 'last', '--key', String(fingerprint))).stdout).toContain('verified');
    for (const words of [
      ['approve', 'last'],
      ['resume', 'last'],
      ['cancel', 'last'],
    ])
      expect((await there(...words)).stderr, words[0]).toContain('invalid_argument/run_imported');
  });
});

/** Columns get wider with what stands in them. */
function squeezed(text: string): string {
  return text.replaceAll(/ +/g, ' ');
}
