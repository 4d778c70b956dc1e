import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, brotliDecompressSync, constants } from 'node:zlib';
import { exportFooterSchema, fingerprintOf } from '@vltair/protocol';
import { z } from 'zod';
import { sha256 } from '../../src/journal/sha256.ts';

/**
 * Recorded runs that every later version must read and replay. A generation is a folder named after the version that
 * wrote it: files of exports, one after the other, compressed, and an index that says what they hold. A generation is
 * never changed; a version that writes something new adds one.
 */
const indexSchema = z.strictObject({
  version: z.string(),
  files: z.array(
    z.strictObject({
      file: z.string(),
      /** Fingerprint of the key that signed its exports. */
      signer: z.string(),
      events: z.int(),
      /** How many events of each type. */
      types: z.record(z.string(), z.int()),
      runs: z.array(
        z.strictObject({
          /** Where the run comes from, for people. */
          from: z.string(),
          run: z.string(),
          status: z.string(),
          events: z.int(),
        }),
      ),
    }),
  ),
});
type Index = z.infer<typeof indexSchema>;
type IndexedFile = Index['files'][number];
type IndexedRun = IndexedFile['runs'][number];

/** A run with the exact text of its export. */
export interface RecordedRun {
  readonly from: string;
  readonly text: string;
}

export interface KeptFile {
  /** Generation and file. */
  readonly name: string;
  readonly signer: string;
  readonly runs: readonly KeptRun[];
}

/** A recorded run, and what the index says of it. */
export type KeptRun = IndexedRun & RecordedRun;

const FOLDER = import.meta.dirname;

/** Every file of every generation, from oldest to newest name. @throws when a file is not what its index says. */
export function readKeptFiles(): readonly KeptFile[] {
  const indexes = globSync('*/index.json', { cwd: FOLDER }).toSorted();
  return indexes.flatMap((path) => {
    const generation = dirname(path);
    const { files } = indexSchema.parse(JSON.parse(readFileSync(join(FOLDER, path), 'utf8')));
    return files.map((file) => readKeptFile(generation, file));
  });
}

function readKeptFile(generation: string, { file, signer, runs }: IndexedFile): KeptFile {
  const name = `${generation}/${file}`;
  const texts = splitExports(brotliDecompressSync(readFileSync(join(FOLDER, name))).toString());
  if (texts.length !== runs.length)
    throw new RangeError(`${name} holds ${texts.length} exports, and its index lists ${runs.length}`);
  return { name, signer, runs: runs.map((run, index) => ({ ...run, text: texts[index] ?? '' })) };
}

/** An export ends with its footer. */
function splitExports(text: string): readonly string[] {
  const exports: string[] = [];
  let start = 0;
  for (let end = text.indexOf('\n{"footer":'); end !== -1; end = text.indexOf('\n{"footer":', start)) {
    const next = text.indexOf('\n', end + 1) + 1;
    exports.push(text.slice(start, next));
    start = next;
  }
  return exports;
}

/** @throws RangeError for a generation that exists: what an earlier version wrote is not written again. */
export function requireNew(version: string): void {
  if (existsSync(join(FOLDER, version))) throw new RangeError(`the generation ${version} is recorded already`);
}

/** Writes a generation; gives the bytes of each file. */
export function writeGeneration(
  version: string,
  recorded: Readonly<Record<string, readonly RecordedRun[]>>,
): Readonly<Record<string, number>> {
  requireNew(version);
  const folder = join(FOLDER, version);
  mkdirSync(folder);
  const files = Object.entries(recorded).map(([name, runs]) => indexOf(`${name}.jsonl.br`, runs));
  const sizes = Object.entries(recorded).map(([name, runs]) => {
    const bytes = compressed(runs.map(({ text }) => text).join(''));
    writeFileSync(join(folder, `${name}.jsonl.br`), bytes);
    return [name, bytes.length] as const;
  });
  writeFileSync(join(folder, 'index.json'), indexText({ version, files }));
  return Object.fromEntries(sizes);
}

function indexOf(file: string, recorded: readonly RecordedRun[]): IndexedFile {
  const types: Record<string, number> = {};
  const signers = new Set<string>();
  const runs = recorded.map(({ from, text }): IndexedRun => {
    const lines = text.trimEnd().split('\n');
    const { footer } = exportFooterSchema.parse(JSON.parse(lines.at(-1) ?? ''));
    signers.add(fingerprintOf(footer.publicKey, sha256));
    for (const line of lines.slice(0, -1)) {
      const { header } = z.object({ header: z.object({ type: z.string() }) }).parse(JSON.parse(line));
      types[header.type] = (types[header.type] ?? 0) + 1;
    }
    return { from, run: footer.run, status: footer.status, events: footer.count };
  });
  const [signer = '', ...others] = signers;
  if (others.length > 0) throw new RangeError(`the exports of ${file} are signed by ${signers.size} keys`);
  return { file, signer, events: runs.reduce((sum, { events }) => sum + events, 0), types: sorted(types), runs };
}

function sorted(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).toSorted(([left], [right]) => (left < right ? -1 : 1)));
}

/** One line for each run. */
function indexText({ version, files }: Index): string {
  const fileText = ({ runs, ...rest }: IndexedFile): string => {
    const rows = runs.map((run) => JSON.stringify(run)).join(',\n');
    return `${JSON.stringify(rest).slice(0, -1)},"runs":[\n${rows}\n]}`;
  };
  return `{"version":${JSON.stringify(version)},"files":[\n${files.map(fileText).join(',\n')}\n]}\n`;
}

function compressed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_LGWIN, BROTLI_PARAM_SIZE_HINT } = constants;
  const params = { [BROTLI_PARAM_QUALITY]: 11, [BROTLI_PARAM_LGWIN]: 24, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
  return brotliCompressSync(bytes, { params });
}
