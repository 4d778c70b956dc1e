import { generateKeyPairSync } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { canonicalJson, type ExportFooter, exportFooterSchema } from '@vltair/protocol';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aDirectory, aRow, aRunOf, claimed, created } from '../../test/journal-builders.ts';
import { NO_RUNS, openReplayedStore } from '../../test/replayed-store.ts';
import type { EventStore } from '../ports/event-store.ts';
import { exportRun } from './export-run.ts';
import { importRun } from './import-run.ts';
import { storeKeyOf } from './signing-key.ts';
import { type ExportVerdict, verifyExport } from './verify-export.ts';

const directory = aDirectory();
let store: EventStore;
let lines: readonly string[];
let fingerprint: string;

const bytesOf = (parts: readonly string[]): Uint8Array => Buffer.from(parts.join(''));
const verify = (bytes: Uint8Array): ExportVerdict => verifyExport(bytes, { fingerprint });
const verdictOf = (parts: readonly string[]): ExportVerdict => verify(bytesOf(parts));
const lineAt = (index: number): string => lines.at(index) ?? '';
const open = (path: string): Promise<EventStore> =>
  openReplayedStore({
    ...NO_RUNS,
    directory: path,
    mode: 'write',
    now: () => 1,
    onWarning: () => undefined,
    commitOn: 'caller',
  });

beforeAll(async () => {
  store = await open(directory.path);
  const payloads = Array.from({ length: 28 }, (_, index) => claimed(`worker ${index} ü`));
  await aRunOf(store, 'r1', [created(), ...payloads, { type: 'run.succeeded' }], aRow({ status: 'succeeded' }));
  lines = await Array.fromAsync(exportRun(store, 'r1'));
  ({ fingerprint } = store.signer());
});
afterAll(async () => {
  await store.close();
  directory.remove();
});

describe('an export', () => {
  test('verifies with the key that signed it', () => {
    verifies('V-18');
    verifies('SP-9');
    expect(lines).toHaveLength(31);
    expect(verdictOf(lines)).toMatchObject({
      kind: 'verified',
      run: 'r1',
      count: 30,
      status: 'succeeded',
      fingerprint,
      purged: 0,
    });
  });

  test('is refused when any byte of it is flipped, naming its line', () => {
    verifies('SP-9');
    const bytes = bytesOf(lines);
    let line = 1;
    for (const [index, byte] of bytes.entries()) {
      for (const pattern of index % 64 === 0 ? [1, 2, 4, 8, 16, 32, 64, 128, 255] : [1 << (index % 8)]) {
        bytes[index] = byte ^ pattern;
        const verdict = verify(bytes);
        if (verdict.kind !== 'refused' || verdict.line !== line) {
          expect.fail(`byte ${index} ^ ${pattern} of line ${line}: ${JSON.stringify({ ...verdict, events: [] })}`);
        }
      }
      bytes[index] = byte;
      if (byte === 0x0a) line += 1;
    }
    expect(line).toBe(32);
  }, 180_000);

  test('is refused as torn at every length to which it is cut, naming the line', () => {
    verifies('V-19');
    const bytes = bytesOf(lines);
    let line = 1;
    for (const [length, byte] of bytes.entries()) {
      expect(verify(bytes.subarray(0, length))).toMatchObject({
        kind: 'refused',
        reason: 'invalid_argument/export_torn',
        line,
      });
      if (byte === 0x0a) line += 1;
    }
  });

  test('is refused when lines are swapped, deleted or repeated, naming the first that is wrong', () => {
    verifies('SP-9');
    for (let index = 0; index < lines.length; index += 1) {
      const before = lines.slice(0, index);
      const after = lines.slice(index + 1);
      const here = lineAt(index);
      const isLast = after.length === 0;
      const refusedAt = (line: number) => ({ kind: 'refused', line });
      expect(verdictOf([...before, ...after])).toMatchObject(refusedAt(index + 1));
      // A repeated footer is noticed where it first stands, as it is then not the end.
      expect(verdictOf([...before, here, here, ...after])).toMatchObject(refusedAt(isLast ? index + 1 : index + 2));
      if (!isLast)
        expect(verdictOf([...before, after[0] ?? '', here, ...after.slice(1)])).toMatchObject(refusedAt(index + 1));
    }
  });

  test('is refused when something follows the footer or stands before the first line', () => {
    expect(verdictOf([...lines, ' '])).toMatchObject({ kind: 'refused', line: 32 });
    expect(verdictOf([...lines, '\n'])).toMatchObject({ kind: 'refused', line: 31 });
    expect(verdictOf(['\n', ...lines])).toMatchObject({ kind: 'refused', line: 1 });
    expect(verdictOf(['\uFEFF', ...lines])).toMatchObject({ kind: 'refused', line: 1 });
    expect(verdictOf(lines.map((line) => line.replace('\n', '\r\n')))).toMatchObject({ kind: 'refused', line: 1 });
    expect(verdictOf(lines.map((line) => line.replace('{', '{ ')))).toMatchObject({ kind: 'refused', line: 1 });
  });

  test('is refused when another key has signed it again', () => {
    verifies('SP-9');
    const other = storeKeyOf(generateKeyPairSync('ed25519').privateKey);
    const resigned = [
      ...lines.slice(0, -1),
      signed({ ...footer().footer, publicKey: other.publicKey }, (text) => other.sign(text)),
    ];
    expect(verdictOf(resigned)).toMatchObject({ kind: 'refused', reason: 'invalid_argument/export_key', line: 31 });
    const disguised = [...lines.slice(0, -1), signed(footer().footer, (text) => other.sign(text))];
    expect(verdictOf(disguised)).toMatchObject({
      kind: 'refused',
      reason: 'invalid_argument/export_altered',
      line: 31,
    });
  });

  test('is refused when the signer itself states another count, head, run or status', () => {
    const sign = (text: string): string => store.signer().sign(text);
    const wrong = [{ count: 29 }, { head: '0'.repeat(64) }, { run: 'r2' }, { status: 'failed' }, { status: 'running' }];
    for (const part of wrong) {
      const verdict = verdictOf([...lines.slice(0, -1), signed({ ...footer().footer, ...part }, sign)]);
      expect(verdict).toMatchObject({ kind: 'refused', reason: 'invalid_argument/export_altered', line: 31 });
    }
    const short = { ...footer().footer, count: 0 };
    expect(verdictOf([signed(short, sign)])).toMatchObject({ kind: 'refused', line: 1 });
  });

  test('is not trusted without a pinned key', () => {
    expect(verifyExport(bytesOf(lines), { fingerprint: undefined })).toMatchObject({
      kind: 'refused',
      reason: 'invalid_argument/key_not_pinned',
    });
  });

  test('still verifies when payloads were purged, and says how many', () => {
    const purged = lines.map((line, index) => (index === 4 || index === 6 ? withoutPayload(line) : line));
    expect(verdictOf(purged)).toMatchObject({ kind: 'verified', purged: 2 });
    const half = lines.map((line, index) => (index === 4 ? line.replace(/,"salt":"[0-9a-f]+"/, '') : line));
    expect(verdictOf(half)).toMatchObject({ kind: 'refused', line: 5 });
  });
});

describe('exporting', () => {
  test('a run that does not exist is refused', async () => {
    await expect(Array.fromAsync(exportRun(store, 'nobody'))).rejects.toMatchObject({ reason: 'not_found/run' });
  });

  test('an unfinished run verifies with the status that it has', async () => {
    await aRunOf(store, 'r2', [created(), { type: 'run.paused', waitingFor: [] }], aRow({ status: 'paused' }));
    const paused = await Array.fromAsync(exportRun(store, 'r2'));
    expect(verdictOf(paused)).toMatchObject({ kind: 'verified', run: 'r2', status: 'paused' });
  });

  test('a chain that does not hold is never signed', async () => {
    await aRunOf(store, 'r3', [created(), claimed('a'), claimed('b')]);
    const database = new DatabaseSync(join(directory.path, 'vltair.db'));
    database.exec("UPDATE events SET ts = 1 WHERE run = 'r3' AND seq = 2");
    database.close();
    await expect(Array.fromAsync(exportRun(store, 'r3'))).rejects.toMatchObject({
      reason: 'internal/chain_broken',
      where: 'r3:2',
    });
  });
});

describe('an import', () => {
  test('of a failed run keeps its failure, and the copy joins no request', async () => {
    const failure = {
      code: 'test_failed',
      reason: 'test_failed/tests',
      message: 'Tests fail.',
      retryable: false,
    } as const;
    const row = aRow({ status: 'failed', failure, joinKey: 'k' });
    await aRunOf(store, 'r4', [created('the title'), { type: 'run.failed', failure }], row);
    const failed = await Array.fromAsync(exportRun(store, 'r4'));
    const other = aDirectory();
    const copy = await open(other.path);
    await importRun(copy, bytesOf(failed), { fingerprint, dropTornTail: false });
    expect(await copy.run('r4')).toMatchObject({ status: 'failed', failure, joinKey: undefined, title: 'the title' });
    await copy.close();
    other.remove();
  });

  test('of a run that a newer version began is refused, naming run, event and type, and nothing is taken', async () => {
    const begun = { ...created(), v: 9 };
    await aRunOf(store, 'r5', [begun, claimed('a')]);
    await expect(store.read('r5')).rejects.toMatchObject({
      reason: 'unavailable/store_newer',
      where: 'r5:1',
      message: expect.stringContaining('event 1 of run r5 is a run.created that this version does not know'),
    });
    const newer = await Array.fromAsync(exportRun(store, 'r5'));
    const other = aDirectory();
    const copy = await open(other.path);
    const refused = importRun(copy, bytesOf(newer), { fingerprint, dropTornTail: false });
    await expect(refused).rejects.toMatchObject({ reason: 'unavailable/store_newer', where: 'r5:1' });
    expect(await copy.run('r5')).toBeUndefined();
    await copy.close();
    other.remove();
  });

  test('takes a verified run over, hash for hash', async () => {
    const other = aDirectory();
    const copy = await open(other.path);
    await importRun(copy, bytesOf(lines), { fingerprint, dropTornTail: false });
    expect((await copy.read('r1')).map(({ hash }) => hash)).toEqual((await store.read('r1')).map(({ hash }) => hash));
    expect(await copy.run('r1')).toMatchObject({ status: 'succeeded', workflow: 'fix-failing', origin: fingerprint });
    const again = importRun(copy, bytesOf(lines), { fingerprint, dropTornTail: false });
    await expect(again).rejects.toMatchObject({ reason: 'invalid_argument/run_exists' });
    await copy.close();
    other.remove();
  });

  test('refuses a torn export unless told to drop the tail, and marks what is left as unsigned', async () => {
    verifies('V-19');
    const other = aDirectory();
    const copy = await open(other.path);
    const torn = bytesOf(lines).subarray(0, bytesOf(lines.slice(0, 10)).length + 25);
    const refused = importRun(copy, torn, { fingerprint, dropTornTail: false });
    await expect(refused).rejects.toMatchObject({ reason: 'invalid_argument/export_torn', where: 'line 11' });
    expect(await importRun(copy, torn, { fingerprint, dropTornTail: true })).toEqual({
      run: 'r1',
      count: 10,
      origin: 'unsigned',
    });
    expect(await copy.run('r1')).toMatchObject({ status: 'running', origin: 'unsigned' });
    await copy.close();
    other.remove();
  });

  test('never drops more than the tail: earlier damage is refused with its line', async () => {
    verifies('V-19');
    const torn = [...lines.slice(0, 3), 'x', ...lines.slice(3, 10), '{"half'];
    const refused = importRun(store, bytesOf(torn), { fingerprint, dropTornTail: true });
    await expect(refused).rejects.toMatchObject({ reason: 'invalid_argument/export_altered', where: 'line 4' });
  });
});

function footer(): ExportFooter {
  return exportFooterSchema.parse(JSON.parse(lineAt(-1)));
}

function signed(statement: ExportFooter['footer'], sign: (text: string) => string): string {
  return `${canonicalJson({ footer: statement, signature: sign(canonicalJson(statement)) })}\n`;
}

function withoutPayload(line: string): string {
  const { header, hash } = JSON.parse(line) as { header: unknown; hash: unknown };
  return `${canonicalJson({ header, hash })}\n`;
}
