import { expect, it } from 'vitest';
import { lateFiles, mountTable } from './mount-table.ts';
import type { FileView } from '../file-view.ts';
import type { Order } from '../request.ts';

const view: FileView = {
  links: [],
  mounts: [
    { source: '/opt/a tool#1', target: '/opt/a tool#1', writable: false, isDirectory: true },
    { source: '/home/me/bin/node', target: '/home/me/bin/node', writable: false, isDirectory: false },
  ],
};
const order: Order = {
  argv: ['true'],
  workDirectory: '/w',
  directory: '/w',
  readOnlyPaths: [],
  environment: {},
  limits: { wallTimeMs: 1, memoryBytes: 4096, processes: 1, cpuSeconds: undefined, fileBytes: 1, outputBytes: 1 },
  network: 'off',
  mode: 'best-effort',
  traceId: 't',
  signal: undefined,
  converse: undefined,
};

it('paths with blanks and hashes survive the table', () => {
  expect(mountTable({ root: '/r', view, order }).late).toContain(
    '/opt/a\\040tool\\0431 /r/opt/a\\040tool\\0431 none rbind,ro,nosuid,nodev',
  );
});

it('a memory limit lowers the bound of temporary files', () => {
  expect(mountTable({ root: '/r', view, order }).early).toMatch(/^tmpfs \/r\/tmp tmpfs size=4096,/m);
});

it('files in places that are mounted first get their mount point afterwards', () => {
  expect(lateFiles(view)).toEqual(['/home/me/bin/node']);
});
