// Links node_modules/.bin/node to the Node that the lockfile brings, when npm did not: with two optional platform
// packages listed, npm 10 links neither. Runs on whatever Node npm itself uses.
import { existsSync, lstatSync, mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';

const modules = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '..', 'node_modules');
const carried = `node-linux-${process.arch}`;
const link = join(modules, '.bin', 'node');

if (process.platform === 'linux' && existsSync(join(modules, carried, 'bin', 'node')) && !linkExists(link)) {
  mkdirSync(join(modules, '.bin'), { recursive: true });
  symlinkSync(join('..', carried, 'bin', 'node'), link);
}

function linkExists(path) {
  return lstatSync(path, { throwIfNoEntry: false }) !== undefined;
}
