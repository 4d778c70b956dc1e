// Archives some runs of the store in a directory, or compacts it, or backs it up, again and again, until it is killed; says when it begins.
import { join } from 'node:path';
import { Archiver } from '../src/retention/archive-run.ts';
import { backupStore } from '../src/retention/backup-store.ts';
import { compactStore, whileOwning } from '../src/retention/compact-store.ts';

const [work = '', root = '', ...runs] = process.argv.slice(2);
const directory = join(root, 'data');

function archiveAll(): void {
  const archiver = new Archiver(directory);
  for (const run of runs) archiver.archive(run, 1);
  archiver.close();
}

async function backUp(number: number): Promise<void> {
  const nothing = { progress: () => {}, packObjects: async () => await Promise.resolve() };
  await backupStore({ directory, to: join(root, `copy-${number % 3}-${number}`), now: 1, withKey: true, ...nothing });
}

process.stdout.write('working\n');
for (let number = 0; ; number += 1) {
  if (work === 'archive') archiveAll();
  if (work === 'compact') await whileOwning(directory, 1, () => compactStore(directory, 1));
  if (work === 'backup') await backUp(number);
}
