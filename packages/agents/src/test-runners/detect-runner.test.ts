import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { TestProject } from '../../test/test-project.ts';
import { detectRunner } from './detect-runner.ts';
import { directoryFiles } from './project-files.ts';

const installed = (name: string, bin = `bin/${name}.js`) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ bin: { [name]: bin } }),
});

function detect(files: Readonly<Record<string, string>>, directory = '.') {
  using project = new TestProject(files);
  return detectRunner(directoryFiles(join(project.directory, directory)));
}

const scripts = (script: string, more: object = {}) => ({
  'package.json': JSON.stringify({ scripts: { test: script, ...more } }),
});

test.each([
  ['vitest run --config a.ts', 'vitest', ['run', '--config', 'a.ts'], {}],
  [
    'cross-env NODE_ENV=test npx mocha -R dot --timeout 9 "spec/**/*.js"',
    'mocha',
    ['--timeout', '9', 'spec/**/*.js'],
    { NODE_ENV: 'test' },
  ],
  ['npm run build && c8 --all jest --json --maxWorkers=2', 'jest', ['--maxWorkers=2'], {}],
])('the script %j runs %s', (script, runner, words, environment) => {
  const detection = detect({ ...scripts(script), ...installed(runner) });
  expect(detection).toMatchObject({
    kind: 'found',
    runner,
    command: { arguments: words, environment, script: `node_modules/${runner}/bin/${runner}.js` },
  });
});

test('a script of node:test gives options of Node and files, with globs and directories expanded', () => {
  const files = { 'test/a.test.js': '', 'test/b.test.js': '', 'unit/c.mjs': '' };
  const script = 'node --import tsx --test --test-reporter spec --test-concurrency 2 "test/*.test.js" unit/';
  expect(detect({ ...scripts(script), ...files })).toMatchObject({
    runner: 'node-test',
    command: {
      nodeOptions: ['--import', 'tsx', '--test-concurrency', '2'],
      arguments: ['test/a.test.js', 'test/b.test.js', 'unit/c.mjs'],
    },
  });
});

test('a script that runs another script is followed, and one that runs itself ends', () => {
  expect(detect({ ...scripts('npm run unit', { unit: 'yarn all', all: 'node --test' }) })).toMatchObject({
    runner: 'node-test',
  });
  expect(detect({ ...scripts('npm run a', { a: 'npm run b', b: 'npm run a' }) })).toMatchObject({ runner: 'command' });
});

const tapeTest = "const test = require('tape');";
const ofTape = {
  ...installed('tape', './bin/tape'),
  'test/index.js': tapeTest,
  'test/a.js': "import test from 'tape';",
  'test/b.js': tapeTest,
  'check.js': '',
};

test.each([
  ["tape 'test/*.js'", [], ['test/*.js'], {}],
  ["node node_modules/tape/bin/tape 'test/*.js'", [], ['test/*.js'], {}],
  ['node -r esm ./node_modules/.bin/tape -r ./a.js test/b.js', ['-r', 'esm'], ['-r', './a.js', 'test/b.js'], {}],
  ['tsx node_modules/.bin/tape test/a.ts', ['--import', 'tsx'], ['test/a.ts'], {}],
  ['eslint . && NODE_ENV=test nyc --all tape "test/**/*.js" | tap-spec', [], ['test/**/*.js'], { NODE_ENV: 'test' }],
  ['c8 node test/a | faucet', [], ['test/a.js'], {}],
  ['node test', [], ['test/index.js'], {}],
])('the script %j runs tape', (script, nodeOptions, words, environment) => {
  expect(detect({ ...scripts(script), ...ofTape })).toMatchObject({
    runner: 'tape',
    command: { script: 'node_modules/tape/bin/tape', nodeOptions, arguments: words, environment },
  });
});

test.each([
  'node check.js',
  'node test/a.js --verbose',
  'ts-node node_modules/.bin/tape test/*.ts',
  'node test/a.js && node ./test/b.js',
  'tape test/a.js && node --test',
  'browserify test/tape.js',
])('the script %j runs as it stands beside tests of tape', (script) => {
  const detection = detect({ ...scripts(script), ...ofTape, 'test/tape.js': tapeTest });
  expect(detection).toMatchObject({ runner: 'command' });
});

test('without a script, tape runs the files that load it', () => {
  expect(detect({ 'package.json': '{}', ...ofTape, 'test/helper.js': '' })).toMatchObject({
    runner: 'tape',
    why: 'test/a.js imports tape',
    command: { arguments: ['test/a.js', 'test/b.js', 'test/index.js'] },
  });
});

test('a script of an unknown runner is run as it stands', () => {
  const detection = detect(scripts('ava test/*.js'));
  expect(detection).toMatchObject({
    kind: 'found',
    runner: 'command',
    why: 'package.json: scripts.test is "ava test/*.js"',
  });
});

test('a given command wins over everything', () => {
  using project = new TestProject(scripts('vitest'));
  expect(detectRunner(directoryFiles(project.directory), 'make check')).toMatchObject({
    runner: 'command',
    command: { arguments: ['/bin/sh', '-c', 'make check'] },
  });
});

test.each([
  ['npx tape test/*.js', 'tape', ['test/*.js']],
  ['node test/a.js', 'tape', ['test/a.js']],
  ['mocha --timeout 9 spec', 'mocha', ['--timeout', '9', 'spec']],
])('a given command that only starts an installed runner is run by its adapter: %j', (line, runner, words) => {
  using project = new TestProject({ ...scripts('vitest'), ...ofTape, ...installed('mocha') });
  expect(detectRunner(directoryFiles(project.directory), line)).toMatchObject({
    runner,
    why: 'the command was given',
    command: { arguments: words, script: expect.stringContaining(`node_modules/${runner}/bin/`) },
  });
});

test.each([
  'cd test && tape a.js',
  'docker run x tape test/*.js',
  'tape $(ls test)',
  'node --test',
  'jest',
  'pytest',
  'node test/tape.js',
])('a given command is run as it stands: %j', (line) => {
  using project = new TestProject({ ...scripts('vitest'), ...ofTape });
  expect(detectRunner(directoryFiles(project.directory), line)).toMatchObject({
    runner: 'command',
    command: { arguments: ['/bin/sh', '-c', line] },
  });
});

test('without a script the configuration, the dependency and the imports tell, in this order', () => {
  const placeholder = scripts('echo "Error: no test specified" && exit 1');
  expect(detect({ ...placeholder, '.mocharc.yml': '', ...installed('mocha') })).toMatchObject({
    runner: 'mocha',
    why: '.mocharc.yml exists',
  });
  expect(detect({ 'package.json': '{"devDependencies":{"jest":"30"}}', ...installed('jest') })).toMatchObject({
    runner: 'jest',
    why: 'package.json depends on jest',
  });
  const found = detect({
    'src/a.test.mjs': "import { test } from 'node:test';",
    'node_modules/x/x.test.js': "import 'vitest'",
  });
  expect(found).toMatchObject({
    runner: 'node-test',
    why: 'src/a.test.mjs imports node-test',
    command: { arguments: ['src/a.test.mjs'] },
  });
});

test('a runner that the project names but has not installed is missing', () => {
  expect(detect(scripts('vitest run'))).toEqual({
    kind: 'missing_runner',
    runner: 'vitest',
    why: 'package.json: scripts.test runs vitest, but node_modules/vitest is not installed here or above (npm install)',
  });
});

test("a package of a monorepo finds its runner in the root's node_modules", () => {
  const files = {
    ...installed('vitest', 'vitest.mjs'),
    'packages/a/package.json': '{"scripts":{"test":"vitest run"}}',
  };
  expect(detect(files, 'packages/a')).toMatchObject({
    runner: 'vitest',
    command: { script: '../../node_modules/vitest/vitest.mjs', directory: '.' },
  });
});

test.each(['npm test --workspaces', 'npm run test -ws --if-present', undefined])(
  "a monorepo's root with the script %j runs every package's suite",
  (script) => {
    const detection = detect({
      'package.json': JSON.stringify({
        workspaces: ['packages/*'],
        scripts: script === undefined ? {} : { test: script },
      }),
      ...installed('vitest', 'vitest.mjs'),
      'packages/b/package.json': '{"scripts":{"test":"vitest run"}}',
      'packages/a/package.json': '{"scripts":{"test":"node --test"}}',
      'packages/c/package.json': '{}',
    });
    expect(detection).toMatchObject({
      kind: 'found',
      command: { directory: 'packages/a', runner: 'node-test' },
      others: [{ directory: 'packages/b', runner: 'vitest', script: '../../node_modules/vitest/vitest.mjs' }],
    });
  },
);

test.each([
  ['pytest.ini', { 'pytest.ini': '', 'test_a.py': 'import unittest' }, 'pytest'],
  ['a table of pyproject.toml', { 'pyproject.toml': '[project]\n[tool.pytest.ini_options]\n' }, 'pytest'],
  ['test functions', { 'tests/test_a.py': 'def test_x():\n    pass\n' }, 'pytest'],
  [
    'unittest alone',
    {
      'pyproject.toml': '[project]\n',
      'tests/test_a.py': 'import unittest\nclass A(unittest.TestCase):\n    def test_a(self): pass\n',
    },
    'unittest',
  ],
])('a Python project is recognised by %s', (_sign, files, runner) => {
  expect(detect(files)).toMatchObject({ kind: 'found', runner });
});

test('a directory without tests says where it was looked', () => {
  const detection = detect({ 'README.md': '', 'package.json': 'not json' });
  expect(detection.kind).toBe('none');
  expect(detection.kind === 'none' ? detection.looked : []).toContain(
    'package.json: scripts.test, dependencies, workspaces',
  );
});

test('hidden directories and dependencies hold no tests of the project', () => {
  using project = new TestProject({
    '.git/a.test.js': "import 'vitest'",
    'node_modules/a/test_a.py': 'import unittest',
  });
  mkdirSync(join(project.directory, 'x.test.js'));
  expect(detectRunner(directoryFiles(project.directory)).kind).toBe('none');
});
