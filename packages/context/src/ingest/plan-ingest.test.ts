import { expect, test } from 'vitest';
import { planIngest, type IngestPlan } from './plan-ingest.ts';
import { skipped, type SourceEntry } from './source-entry.ts';

const file = (path: string, text: string): SourceEntry => ({ kind: 'file', path, text });
const refuse = { secrets: 'refuse' } as const;
const nothing: ReadonlyMap<string, string> = new Map();
const token = `ghp_${'a1B2'.repeat(10)}`;

/** What a store knows once it has done what the plan says. */
function knownAfter(plan: IngestPlan, known = nothing): ReadonlyMap<string, string> {
  const next = new Map(known);
  for (const id of plan.deletes) next.delete(id);
  for (const { id, contentHash } of plan.upserts) next.set(id, contentHash);
  return next;
}

const functions = (...names: readonly string[]): string =>
  names.map((name) => `function ${name}() {\n${`  step('${name}');\n`.repeat(15)}}\n`).join('');

test('all is new at first, and nothing the second time', async () => {
  const files = [file('a.ts', functions('one', 'two')), file('b.txt', 'text')];
  const first = await planIngest(nothing, files, refuse);
  expect(first.upserts.map(({ id }) => id)).toEqual(['a.ts#one', 'a.ts#two', 'b.txt#@1']);
  expect(first.upserts[0]).toMatchObject({
    startLine: 1,
    endLine: 17,
    contentHash: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(first).toMatchObject({ deletes: [], skipped: [], unchanged: 0 });
  expect(await planIngest(knownAfter(first), files, refuse)).toEqual({
    upserts: [],
    deletes: [],
    skipped: [],
    unchanged: 3,
  });
});

test('only what changed is written, and what is gone is deleted', async () => {
  const known = knownAfter(
    await planIngest(
      nothing,
      [file('a.ts', functions('one', 'two')), file('c.txt', 'gone'), file('b.txt', 'gone')],
      refuse,
    ),
  );
  const plan = await planIngest(known, [file('a.ts', functions('one', 'three'))], refuse);
  expect(plan.upserts.map(({ id }) => id)).toEqual(['a.ts#three']);
  expect(plan.deletes).toEqual(['a.ts#two', 'b.txt#@1', 'c.txt#@1']);
  expect(plan.unchanged).toBe(1);
});

test('a chunk that moved to other lines is written again', async () => {
  const known = knownAfter(await planIngest(nothing, [file('a.ts', functions('one', 'two'))], refuse));
  const plan = await planIngest(known, [file('a.ts', functions('two', 'one'))], refuse);
  expect(plan.upserts.map(({ id, startLine }) => [id, startLine])).toEqual([
    ['a.ts#two', 1],
    ['a.ts#one', 18],
  ]);
  expect(plan.deletes).toEqual([]);
});

test('files may come one after another', async () => {
  async function* walk(): AsyncGenerator<SourceEntry> {
    yield await Promise.resolve(file('a.txt', 'text'));
    yield skipped('b.bin', 'binary');
  }
  const plan = await planIngest(nothing, walk(), refuse);
  expect(plan.upserts).toHaveLength(1);
  expect(plan.skipped).toEqual([{ kind: 'skipped', path: 'b.bin', reason: 'binary' }]);
});

test('a file with secrets is refused with its lines, never with the secrets, and what was known of it goes', async () => {
  const known = knownAfter(await planIngest(nothing, [file('a.txt', 'harmless')], refuse));
  const plan = await planIngest(known, [file('a.txt', `\n${token}\n\nDB_PASSWORD=hunter2hunter2\n`)], refuse);
  expect(plan).toEqual({
    upserts: [],
    deletes: ['a.txt#@1'],
    skipped: [{ kind: 'skipped', path: 'a.txt', reason: 'secret', detail: 'line 2, 4' }],
    unchanged: 0,
  });
  expect(JSON.stringify(plan)).not.toMatch(/ghp_|hunter2/);
});

test('of very many lines with secrets the first ten are named', async () => {
  const plan = await planIngest(nothing, [file('a.txt', `${token}\n`.repeat(12))], refuse);
  expect(plan.skipped[0]?.detail).toBe('line 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 2 more');
});

test('secrets are masked by choice', async () => {
  const plan = await planIngest(nothing, [file('a.txt', `first\n${token}\nlast`)], { secrets: 'mask' });
  expect(plan.upserts[0]).toMatchObject({ text: 'first\n<<REDACTED>>\nlast', startLine: 1, endLine: 3 });
  expect(plan.skipped).toEqual([]);
});

test('what cannot be read keeps what is known of it, what is skipped otherwise does not', async () => {
  const files = ['a.txt', 'dir/b.txt', 'dir.txt', 'c.txt', 'd.txt'].map((path) => file(path, 'text'));
  const known = knownAfter(await planIngest(nothing, files, refuse));
  const plan = await planIngest(
    known,
    [skipped('a.txt', 'unreadable', 'EACCES'), skipped('c.txt', 'too_large'), skipped('dir/', 'unreadable', 'EACCES')],
    refuse,
  );
  expect(plan.deletes).toEqual(['c.txt#@1', 'd.txt#@1', 'dir.txt#@1']);
});

test('limits are those of splitting', async () => {
  const limits = { minCharacters: 0, maxCharacters: 16, overlapCharacters: 0 };
  const plan = await planIngest(nothing, [file('a.txt', 'x'.repeat(40))], { ...refuse, limits });
  expect(plan.upserts.map(({ text }) => text.length)).toEqual([16, 16, 8]);
});
