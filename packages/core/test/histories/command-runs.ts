import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import type { RecordedRun } from './kept-histories.ts';
import { stories, type Story } from './stories.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..', '..');
const COMMAND = join(ROOT, 'packages', 'cli', 'bin', 'vltair');

/**
 * The runs of the stories, told to the real command on a real store, exported by it. Their times, ids and salts are those
 * of the moment; what happens in them is the same each time.
 *
 * @throws Error when a command ends otherwise than its story says.
 */
export function commandRuns(): readonly RecordedRun[] {
  const place = realpathSync(mkdtempSync(join(tmpdir(), 'vltair-histories-')));
  try {
    return new Teller(place).tellAll();
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

const listSchema = z.object({ runs: z.array(z.object({ run: z.string(), events: z.int() })) });

/** Each story has a project of its own; the store is one, so that all exports are signed by one key. */
class Teller {
  readonly #place: string;
  /** How long each run was when it was last exported. */
  readonly #exported = new Map<string, number>();

  constructor(place: string) {
    this.#place = place;
  }

  tellAll(): readonly RecordedRun[] {
    return Object.entries(stories).flatMap(([name, story], index) => this.#tell(name, story, String(index)));
  }

  #tell(name: string, { project, steps }: Story, folder: string): readonly RecordedRun[] {
    const directory = join(this.#place, folder);
    mkdirSync(directory);
    for (const [to, from] of Object.entries(project.copied ?? {}))
      cpSync(join(ROOT, from), join(directory, to), { recursive: true });
    for (const [to, text] of Object.entries(project.written ?? {})) writeFileSync(join(directory, to), text);
    const found: RecordedRun[] = [];
    for (const { words, exit = 0, store = 'store' } of steps) {
      this.#command(name, words, { directory, store, exit });
      found.push(...this.#exportNew(name, { directory, store }));
    }
    return lastOfEach(found);
  }

  /** Exports what the last command has begun or gone on with. */
  #exportNew(name: string, where: Where): readonly RecordedRun[] {
    const { runs } = listSchema.parse(JSON.parse(this.#command(name, ['runs', '--limit', '1000', '--json'], where)));
    const longer = runs.filter(({ run, events }) => (this.#exported.get(run) ?? 0) < events).toReversed();
    return longer.map(({ run, events }) => {
      this.#exported.set(run, events);
      return { from: name, text: this.#command(name, ['export', run], where) };
    });
  }

  #command(name: string, words: readonly string[], { directory, store, exit = 0 }: Where): string {
    const { PATH = '' } = process.env;
    const env = { PATH, HOME: this.#place, VLTAIR_DATA_DIR: join(this.#place, store) };
    const { status, stdout, stderr } = spawnSync(COMMAND, words, { cwd: directory, env, maxBuffer: 2 ** 28 });
    if (status === exit) return stdout.toString();
    const said = `${stdout.toString()}${stderr.toString()}`;
    throw new Error(`${name}: vltair ${words.join(' ')} ended with ${String(status)}, not ${exit}: ${said}`);
  }
}

interface Where {
  readonly directory: string;
  readonly store: string;
  readonly exit?: number;
}

/** A run that went on is kept once, as it stood at the end of its story. */
function lastOfEach(runs: readonly RecordedRun[]): readonly RecordedRun[] {
  return [...Map.groupBy(runs, ({ text }) => text.slice(0, text.indexOf('\n'))).values()].flatMap((same) =>
    same.slice(-1),
  );
}
