import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { TestResult } from '@vltair/protocol';
import { createSandbox, type Sandbox } from '@vltair/sandbox';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Candidate } from '../repair/index.ts';
import { detectRunner } from '../test-runners/detect-runner.ts';
import { directoryFiles } from '../test-runners/project-files.ts';
import { openWorkspace } from '../workspace/workspace.ts';
import { tryCandidates } from './candidate-trial.ts';
import type { Project } from './project-input.ts';
import { ProjectTests } from './project-tests.ts';
import { TrialBench, TrialCrew, type TrialSubject } from './trial-bench.ts';

/** As a search that knows no runner that stays. */
class PlainTests extends ProjectTests {
  override resident(): undefined {
    return undefined;
  }
}

interface Language {
  readonly files: Readonly<Record<string, string>>;
  /** The file whose `VALUE` candidates replace. */
  readonly source: string;
  /** Candidates by what they do besides giving a wrong value. */
  readonly wrong: Readonly<Record<string, string>>;
}

const nodeSource = "const { spawn } = require('node:child_process');\nconst fs = require('node:fs');\n";
const nodeChecks = `globalThis.leak === undefined && process.env.LEAK === undefined && Array.prototype.leak === undefined
  && !fs.existsSync(require('node:os').tmpdir() + '/left') && !fs.existsSync('left.txt')`;
const nodeWrong = {
  nothing: '3',
  'ends the process': 'process.exit(0)',
  'throws when it is loaded': '3; throw new Error("loaded")',
  'does not parse': ')',
  'leaves globals': "(process.env.LEAK = globalThis.leak = 'x', Array.prototype.leak = 1, 3)",
  'leaves a file in the project': "(fs.writeFileSync('left.txt', ''), 3)",
  'leaves a file elsewhere': "(fs.writeFileSync(require('node:os').tmpdir() + '/left', ''), 3)",
  'writes in the sources': '(fs.writeFileSync(__filename, "exports.value = () => 2;"), 3)',
  'leaves a process': "(spawn('sleep', ['60'], { detached: true, stdio: 'ignore' }).unref(), 3)",
  'kills its parent': '(process.kill(process.pid, "SIGKILL"), 3)',
};

const esmSource = "import { spawn } from 'node:child_process';\nimport fs from 'node:fs';\nimport os from 'node:os';\n";
const asEsm = (text: string): string =>
  text.replaceAll("require('node:os')", 'os').replaceAll('__filename', 'import.meta.filename');

const languages: Readonly<Record<string, Language>> = {
  'node:test': {
    source: 'value.js',
    files: {
      'package.json': '{"scripts":{"test":"node --test"}}',
      'value.js': `${nodeSource}exports.value = () => VALUE;\n`,
      'value.test.js': `const assert = require('node:assert');\nconst fs = require('node:fs');\nconst { test } = require('node:test');
const { value } = require('./value.js');
test('other', () => {});
test('value', () => { assert.ok(${nodeChecks}); assert.strictEqual(value(), 2); });\n`,
    },
    wrong: { ...nodeWrong, 'never ends': '{ for (;;); }' },
  },
  mocha: {
    source: 'value.js',
    files: {
      'package.json': '{"scripts":{"test":"mocha test/*.js"}}',
      'value.js': `${nodeSource}exports.value = () => VALUE;\n`,
      'test/value.js': `const assert = require('node:assert');\nconst fs = require('node:fs');
const { value } = require('../value.js');
it('other', () => {});
it('value', () => { assert.ok(${nodeChecks}); assert.strictEqual(value(), 2); });\n`,
    },
    wrong: nodeWrong,
  },
  tape: {
    source: 'value.js',
    files: {
      'package.json': '{"scripts":{"test":"tape test/*.js"}}',
      'value.js': `${nodeSource}exports.value = () => VALUE;\n`,
      'test/value.js': `const fs = require('node:fs');\nconst test = require('tape');\nconst { value } = require('../value.js');
test('other', (t) => t.end());
test('value', (t) => { t.ok(${nodeChecks}); t.equal(value(), 2); t.end(); });\n`,
    },
    wrong: nodeWrong,
  },
  vitest: {
    source: 'src/value.ts',
    files: {
      'package.json': '{"type":"module","scripts":{"test":"vitest run"}}',
      'src/value.ts': `${esmSource}export const value = (): unknown => VALUE;\n`,
      'test/value.test.ts': `import fs from 'node:fs';\nimport os from 'node:os';\nimport { expect, test } from 'vitest';
import { value } from '../src/value.ts';
test('other', () => {});
test('value', () => { expect(${asEsm(nodeChecks)}).toBe(true); expect(value()).toBe(2); });\n`,
    },
    wrong: Object.fromEntries(Object.entries(nodeWrong).map(([name, text]) => [name, asEsm(text)])),
  },
  unittest: {
    source: 'value.py',
    files: {
      'value.py': 'import os, subprocess, sys, tempfile\n\n\ndef value():\n    return VALUE\n',
      'test_value.py': `import os, string, tempfile, unittest
from value import value


class ValueTest(unittest.TestCase):
    def test_other(self):
        pass

    def test_value(self):
        self.assertFalse(hasattr(string, "leak") or "LEAK" in os.environ)
        self.assertFalse(os.path.exists("left.txt") or os.path.exists(tempfile.gettempdir() + "/left"))
        self.assertEqual(value(), 2)
`,
    },
    wrong: {
      nothing: '3',
      'ends the process': 'os._exit(0)',
      'throws when it is loaded': '3\n\n\nraise ValueError("loaded")',
      'does not parse': ')',
      'leaves globals': 'setattr(sys.modules["string"], "leak", os.environ.__setitem__("LEAK", "x")) or 3',
      'leaves a file in the project': 'open("left.txt", "w").close() or 3',
      'leaves a file elsewhere': 'open(tempfile.gettempdir() + "/left", "w").close() or 3',
      'writes in the sources': 'open(__file__, "w").write("def value():\\n    return 2\\n") * 3',
      'leaves a process': 'subprocess.Popen(["sleep", "60"], start_new_session=True) and 3',
      'kills its parent': 'os.kill(os.getppid(), 9) or 3',
      'never ends': 'next(1 for _ in iter(int, 1) if _)',
    },
  },
};

async function aSubject({
  files,
  source,
}: Language): Promise<{ tests: ConstructorParameters<typeof ProjectTests>[0]; subject: TrialSubject }> {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'vltair-bench-')));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  const root = join(directory, 'project');
  const broken = Object.entries(files).map(([path, text]): [string, string] => [path, text.replace('VALUE', '1')]);
  for (const [path, text] of broken) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  if ('package.json' in files) linkInstalled(join(root, 'node_modules'));
  const workspace = await openWorkspace({ dataDirectory: join(directory, 'data') });
  const { tree, dependencies } = await workspace.capture(root);
  const detection = detectRunner(directoryFiles(root), undefined);
  if (detection.kind !== 'found') throw new Error('no runner');
  const commands = [detection.command];
  const project: Project = {
    directory: root,
    dependencies: [...dependencies],
    commands,
    testTimeoutMs: 4_000,
    sandboxMode: 'best-effort',
  };
  const tests = { sandbox: createSandbox(), workspace, environment: process.env };
  const known = { project, tree, sources: new Map(broken.filter(([path]) => path === source)), traceId: 'bench' };
  const bounds = { wallTimeMs: 30_000, signal: new AbortController().signal };
  await using bench = await TrialBench.open(new PlainTests(tests), { ...known, failing: nothing });
  return { tests, subject: { ...known, failing: await bench.run(detection.command, [], bounds) } };
}

const nothing: TestResult = {
  ...{ kind: 'test_result', runner: 'command', command: [], outcome: 'passed', exitCode: 0 },
  ...{ durationMs: 0, cases: [], flaky: [], log: '' },
};

/** A project's own folder of links, so that tools keep their caches to the project. */
function linkInstalled(modules: string): void {
  const installed = realpathSync(join(import.meta.dirname, '..', '..', '..', '..', 'node_modules'));
  mkdirSync(modules);
  for (const name of readdirSync(installed).filter((each) => !each.startsWith('.')))
    symlinkSync(join(installed, name), join(modules, name));
}

function aCandidate({ source }: Language, subject: TrialSubject, id: string, value: string): Candidate {
  const text = subject.sources.get(source) ?? '';
  const start = Math.max(text.lastIndexOf('=> 1') + 3, text.lastIndexOf('return 1') + 7);
  const place = {
    file: source,
    start,
    end: start + 1,
    replacement: value,
    line: 1,
    operator: 'constant',
    rank: 0,
  } as const;
  return { id, score: 1, edit: { ...place, before: '1', after: value, size: 1, role: '', form: '', plausibility: 1 } };
}

async function verdictsOf(tests: ProjectTests, subject: TrialSubject, candidates: readonly Candidate[]) {
  await using crew = new TrialCrew(tests, subject, 1);
  const verdicts = await tryCandidates(crew, { signal: new AbortController().signal, tried: () => {} }, candidates);
  return verdicts.map(({ id, verdict }) => `${id}: ${verdict}`);
}

describe.each(Object.entries(languages))('%s', (_, language) => {
  test('a runner that stays judges every candidate as a run of its own does, whatever ran before', async () => {
    const { tests, subject } = await aSubject(language);
    const right = aCandidate(language, subject, 'right', '2');
    const wrong = Object.entries(language.wrong).map(([id, value]) => aCandidate(language, subject, id, value));
    // After each that may have left something, the right one has to find its way.
    const mayLeave = ({ id }: Candidate): boolean => !/^(nothing|throws|does not parse)/.test(id);
    const candidates = wrong.flatMap((each) => (mayLeave(each) ? [each, right] : [each]));
    const verdicts = new Map([
      ['right', 'passes'],
      ['never ends', 'timed_out'],
    ]);
    const expected = candidates.map(({ id }) => `${id}: ${verdicts.get(id) ?? 'fails'}`);
    expect(await verdictsOf(new ProjectTests(tests), subject, candidates)).toEqual(expected);
    const ending = wrong.filter(({ id }) => id !== 'never ends');
    expect(await verdictsOf(new PlainTests(tests), subject, ending)).toEqual(ending.map(({ id }) => `${id}: fails`));
  }, 180_000);

  test('all candidates that leave nothing behind share one sandbox', async () => {
    const { tests, subject } = await aSubject(language);
    let started = 0;
    const sandbox: Sandbox = {
      capabilities: async () => await tests.sandbox.capabilities(),
      run: async (request) => {
        started += 1;
        return await tests.sandbox.run(request);
      },
    };
    const candidates = ['3', '4', '5', '6'].map((value) => aCandidate(language, subject, value, value));
    await verdictsOf(new ProjectTests({ ...tests, sandbox }), subject, candidates);
    expect(started).toBe(1);
  }, 60_000);
});
