import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Clone } from './clone.ts';
import { aDirectory, fill, listing } from '../../test/workspace-fixtures.ts';
import { openWorkspace } from './workspace.ts';

async function cloneOf(directory: string): Promise<Clone> {
  const workspace = await openWorkspace({ dataDirectory: aDirectory() });
  const { tree, dependencies } = await workspace.capture(directory);
  const clone = await workspace.checkout(tree, {
    traceId: 'links',
    temporaryRoot: aDirectory(),
    dependencies: { from: directory, paths: dependencies },
  });
  onTestFinished(async () => await clone.dispose());
  return clone;
}

function node(directory: string, code: string): string {
  return execFileSync(process.execPath, ['-e', code], { cwd: directory, encoding: 'utf8' }).trim();
}

const aModule = (name: string) => ({ [`${name}/index.js`]: `module.exports = ${JSON.stringify(name)};` });

describe('the dependencies of a clone', () => {
  it("D1: are a real directory of links to the user's packages, scoped ones one level deeper, without caches", async () => {
    const directory = aDirectory({
      ...aModule('node_modules/plain'),
      ...aModule('node_modules/@scope/one'),
      'node_modules/.vite/cache': '',
      'node_modules/.some-cache/x': '',
      'node_modules/.package-lock.json': '{}',
    });
    const clone = await cloneOf(directory);
    const modules = join(clone.directory, 'node_modules');
    expect(lstatSync(modules).isDirectory() && lstatSync(join(modules, '@scope')).isDirectory()).toBe(true);
    expect(readlinkSync(join(modules, '@scope/one'))).toBe(join(directory, 'node_modules/@scope/one'));
    expect(readdirSync(modules)).toEqual(['.package-lock.json', '@scope', 'plain']);
    expect(node(clone.directory, "console.log(require('plain'), require('@scope/one'))")).toBe(
      'node_modules/plain node_modules/@scope/one',
    );
    expect(clone.readOnlyPaths).toEqual([join(directory, 'node_modules')]);
  });

  it('D2: lead workspace packages to the clone, whether their links are relative or absolute', async () => {
    const directory = aDirectory({ ...aModule('packages/a'), ...aModule('packages/b') });
    mkdirSync(join(directory, 'node_modules/@w'), { recursive: true });
    symlinkSync('../packages/a', join(directory, 'node_modules/a'));
    symlinkSync(join(directory, 'packages/b'), join(directory, 'node_modules/@w/b'));
    const clone = await cloneOf(directory);
    await clone.write('packages/a/index.js', 'module.exports = "changed a"');
    await clone.write('packages/b/index.js', 'module.exports = "changed b"');
    expect(node(clone.directory, "console.log(require('a'), require('@w/b'))")).toBe('changed a changed b');
  });

  it('keep commands runnable: relative links of .bin, and the layout of pnpm', async () => {
    const directory = aDirectory({
      'node_modules/tool/cli.js': "console.log('ran')",
      'node_modules/.pnpm/dep@1/node_modules/dep/index.js': "module.exports = 'dep uses ' + require('inner');",
      'node_modules/.pnpm/dep@1/node_modules/inner/index.js': "module.exports = 'inner';",
    });
    mkdirSync(join(directory, 'node_modules/.bin'));
    symlinkSync('../tool/cli.js', join(directory, 'node_modules/.bin/tool'));
    symlinkSync('.pnpm/dep@1/node_modules/dep', join(directory, 'node_modules/dep'));
    const clone = await cloneOf(directory);
    expect(readlinkSync(join(clone.directory, 'node_modules/.bin/tool'))).toBe('../tool/cli.js');
    expect(node(clone.directory, "require('./node_modules/.bin/tool'); console.log(require('dep'))")).toBe(
      'ran\ndep uses inner',
    );
  });

  it('include those of the folders above, the nearest first, and lead back to the clone from there', async () => {
    const repository = aDirectory({
      ...aModule('node_modules/far'),
      ...aModule('node_modules/both'),
      ...aModule('group/node_modules/both'),
      ...aModule('packages/sibling'),
      'group/p/index.js': 'module.exports = "original";',
      'group/p/package.json': '{"name":"p"}',
    });
    symlinkSync('../group/p', join(repository, 'node_modules/p'));
    symlinkSync('../packages/sibling', join(repository, 'node_modules/sibling'));
    const clone = await cloneOf(join(repository, 'group/p'));
    await clone.write('index.js', 'module.exports = "changed";');
    const code = "console.log(require('far'), require('both'), require('p'), require('sibling'))";
    expect(node(clone.directory, code)).toBe('node_modules/far group/node_modules/both changed packages/sibling');
    const expected = ['group/node_modules', 'node_modules', 'packages/sibling'].map((path) => join(repository, path));
    expect(clone.readOnlyPaths).toEqual(expected.sort());
  });

  it('can be written to by tools also when all of them come from folders above', async () => {
    const repository = aDirectory({ ...aModule('node_modules/m'), 'p/index.js': '' });
    const clone = await cloneOf(join(repository, 'p'));
    fill(clone.directory, { 'node_modules/.vite-temp/config.mjs': 'x' });
    expect(await clone.isPristine()).toBe(false);
    await clone.restore();
    expect(existsSync(join(clone.directory, 'node_modules/.vite-temp'))).toBe(false);
    expect((await clone.capture()).changes).toEqual([]);
    expect(existsSync(join(repository, 'node_modules/.vite-temp'))).toBe(false);
  });

  it('are never linked through a link: neither one of the tree nor one placed before', async () => {
    const shared = aDirectory({ ...aModule('scope/own'), 'app/x': '' });
    const modules = { ...aModule('node_modules/@s/far'), ...aModule('p/sub/node_modules/m') };
    const repository = aDirectory({ ...modules, 'p/index.js': '' });
    mkdirSync(join(repository, 'p/node_modules'));
    symlinkSync(join(shared, 'scope'), join(repository, 'p/node_modules/@s'));
    const before = [listing(shared), listing(repository)];
    const workspace = await openWorkspace({ dataDirectory: aDirectory() });
    const linked = aDirectory();
    symlinkSync(join(shared, 'app'), join(linked, 'sub'));
    const { tree } = await workspace.capture(linked);
    const dependencies = { from: join(repository, 'p'), paths: ['node_modules', 'sub/node_modules'] };
    await using clone = await workspace.checkout(tree, {
      traceId: 'x',
      temporaryRoot: aDirectory(),
      dependencies,
    });
    expect(node(clone.directory, "console.log(require('@s/own'))")).toBe('scope/own');
    expect([listing(shared), listing(repository)]).toEqual(before);
    const outside = { from: repository, paths: ['../x'] };
    const attempt = workspace.checkout(tree, {
      traceId: 'x',
      temporaryRoot: aDirectory(),
      dependencies: outside,
    });
    await expect(attempt).rejects.toMatchObject({ reason: 'invalid_path' });
  });

  it("expose the real places of what is linked from elsewhere, and of a virtual environment's interpreter", async () => {
    const elsewhere = aDirectory({ ...aModule('store/x'), 'python/bin/python3': '' });
    const directory = aDirectory({ '.venv/pyvenv.cfg': `home = ${elsewhere}/python/bin\n`, '.venv/bin/pytest': '#!x' });
    fill(directory, { 'node_modules/y/index.js': '' });
    symlinkSync(join(elsewhere, 'store/x'), join(directory, 'node_modules/x'));
    symlinkSync('nowhere', join(directory, 'node_modules/dangling'));
    const clone = await cloneOf(directory);
    expect(node(clone.directory, "console.log(require('x'))")).toBe('store/x');
    expect(realpathSync(join(clone.directory, '.venv'))).toBe(join(directory, '.venv'));
    expect(readFileSync(join(clone.directory, '.venv/bin/pytest'), 'utf8')).toBe('#!x');
    const expected = [
      join(directory, '.venv'),
      join(directory, 'node_modules'),
      join(elsewhere, 'python'),
      join(elsewhere, 'store/x'),
    ];
    expect(clone.readOnlyPaths).toEqual(expected.sort());
  });

  it('may be a link themselves: a node_modules that several work trees share', async () => {
    const shared = aDirectory(aModule('node_modules/m'));
    const directory = aDirectory({ 'a.js': '' });
    symlinkSync(join(shared, 'node_modules'), join(directory, 'node_modules'));
    const clone = await cloneOf(directory);
    expect(lstatSync(join(clone.directory, 'node_modules')).isDirectory()).toBe(true);
    expect(node(clone.directory, "console.log(require('m'))")).toBe('node_modules/m');
    expect(clone.readOnlyPaths).toEqual([join(shared, 'node_modules')]);
  });
});
