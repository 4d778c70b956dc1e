import { cp, mkdtemp, realpath } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const EXAMPLE = join(import.meta.dirname, '..', '..', '..', 'examples', 'repos', 'schedule-js');

/** Copies the example repository into a new temporary directory, which stays. */
export async function makeDemoProject(): Promise<string> {
  const parent = await mkdtemp(join(await realpath(tmpdir()), 'vltair-demo-'));
  const directory = join(parent, 'schedule');
  await cp(EXAMPLE, directory, { recursive: true });
  return directory;
}
