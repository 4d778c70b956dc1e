import { chmodSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { TestProject } from '../../test/test-project.ts';
import { isBelow, resolveNode, resolvePython, restorePath, testEnvironment } from './toolchain.ts';

test('what npm added for our own scripts is taken back', () => {
  const environment = {
    PATH: '/opt/vltair/node_modules/.bin:/home/ann/bin:/opt/vltair-other/bin::/usr/bin',
    npm_config_registry: 'x',
    NPM_TOKEN: 'y',
    HOME: '/home/ann',
  };
  expect(restorePath(environment, '/opt/vltair')).toEqual({
    PATH: '/home/ann/bin:/opt/vltair-other/bin:/usr/bin',
    HOME: '/home/ann',
  });
});

test('a directory is below itself but not below one that shares its beginning', () => {
  expect([
    isBelow('/a/b', '/a/b'),
    isBelow('/a/b/..c', '/a/b'),
    isBelow('/a/bc', '/a/b'),
    isBelow('/a', '/a/b'),
  ]).toEqual([true, true, false, false]);
});

test('the environment of tests holds no secret of the person who started them', () => {
  verifies('AR-1');
  verifies('AR-6');
  const restored = {
    PATH: '/usr/bin',
    API_KEY: 'secret',
    COVERAGE_FILE: '/c',
    COVERAGE_RCFILE: '/r',
    COVERAGE_PROCESS_START: '/p',
    NODE_V8_COVERAGE: '/v',
  };
  const environment = testEnvironment(restored, false);
  expect(environment).toMatchObject({
    PATH: '/usr/bin',
    COVERAGE_FILE: '/c',
    COVERAGE_RCFILE: '/r',
    COVERAGE_PROCESS_START: '/p',
    NODE_V8_COVERAGE: '/v',
  });
  expect(environment).not.toHaveProperty('API_KEY');
});

test('a caller that measures coverage is not handed on to tests that we measure', () => {
  verifies('AR-1');
  expect(testEnvironment({ PATH: '/usr/bin', COVERAGE_FILE: '/c', NODE_V8_COVERAGE: '/v' }, true)).not.toHaveProperty(
    'NODE_V8_COVERAGE',
  );
});

test('a node outside /usr makes its installation readable, through symbolic links', () => {
  using project = new TestProject({ 'versions/20/bin/node': '#!/bin/sh\n', 'bin/.keep': '' });
  chmodSync(join(project.directory, 'versions/20/bin/node'), 0o755);
  symlinkSync('../versions/20/bin/node', join(project.directory, 'bin/node'));
  expect(resolveNode({ PATH: `${project.directory}/bin:/usr/bin` })).toMatchObject({
    program: join(project.directory, 'versions/20/bin/node'),
    readOnlyPaths: [join(project.directory, 'versions/20')],
  });
});

test("a version manager's shim is asked for the node behind it", () => {
  const script = `#!/bin/sh\nexec ${process.execPath} "$@"\n`;
  using project = new TestProject({ 'shims/node': script });
  chmodSync(join(project.directory, 'shims/node'), 0o755);
  const { program } = resolveNode({ PATH: `${project.directory}/shims:/usr/bin` });
  expect(program).toBe(realpathSync(process.execPath));
});

test('without a node on PATH ours runs the tests and this is said', () => {
  const { program, why } = resolveNode({ PATH: '/nowhere' });
  expect(why).toBe(`no node on PATH: the tests run on VLTAIR's own ${program}`);
});

test("a project's virtual environment wins over the system's python", () => {
  using project = new TestProject({ '.venv/pyvenv.cfg': '' });
  expect(resolvePython(project.directory, { PATH: '/usr/bin' })).toMatchObject({
    program: '/usr/bin/python3',
    readOnlyPaths: [],
  });
  project.write('.venv/bin/python', '#!/bin/sh\n');
  chmodSync(join(project.directory, '.venv/bin/python'), 0o755);
  expect(resolvePython(project.directory, {}).program).toBe(join(project.directory, '.venv/bin/python'));
});
