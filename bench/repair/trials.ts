/**
 * What one trial of a candidate costs: plain, in a sandbox of its own, and fast, by the runner that stays.
 *
 *   node bench/repair/trials.ts [--rounds N] DIR[:FILE] ...
 *
 * Each directory holds a project with a failing test; FILE is the source that the candidates change, without it the failing
 * case is only run again. The two ways take turns in the same clone, so that their ratio holds on a machine that does other
 * work besides. Prints medians in milliseconds: the edit with the whole trial, and of the fast one the first, which starts
 * the runner and compares it with the suite. `same` says that both gave every case of the probe the same status.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { detectRunner, directoryFiles, openWorkspace, ProjectTests } from '../../packages/agents/src/index.ts';
import { probeOf, trialTimeoutMs } from '../../packages/agents/src/agents/candidate-trial.ts';
import type { Project } from '../../packages/agents/src/agents/project-input.ts';
import { TrialBench } from '../../packages/agents/src/agents/trial-bench.ts';
import type { Candidate } from '../../packages/agents/src/repair/index.ts';
import type { TestResult } from '../../packages/protocol/src/index.ts';
import { createSandbox } from '../../packages/sandbox/src/index.ts';

const SUITE_MS = 120_000;

interface Row {
  readonly name: string;
  readonly runner: string;
  readonly plain: number;
  readonly fast: number;
  readonly first: number;
  readonly isSame: boolean;
}

async function measure(root: string, file: string | undefined, rounds: number, data: string): Promise<Row> {
  const workspace = await openWorkspace({ dataDirectory: data });
  const { tree, dependencies } = await workspace.capture(root);
  const detection = detectRunner(directoryFiles(root), undefined);
  if (detection.kind !== 'found') throw new Error(`${root}: no runner`);
  const project: Project = {
    directory: root,
    dependencies: [...dependencies],
    commands: [detection.command],
    testTimeoutMs: SUITE_MS,
    sandboxMode: 'best-effort',
  };
  const tests = new ProjectTests({ sandbox: createSandbox(), workspace, environment: process.env });
  const source = file === undefined ? '' : readFileSync(join(root, file), 'utf8');
  const sources = new Map(file === undefined ? [] : [[file, source]]);
  const signal = AbortSignal.timeout(30 * SUITE_MS);
  const known = { project, tree, sources, traceId: 'trials' };
  const failing = await runSuite(tests, known, detection.command, signal);
  const subject = { ...known, failing };
  const probe = probeOf(subject);
  if (probe === undefined) throw new Error(`${root}: no failing case that can be run by itself`);
  const bounds = { wallTimeMs: trialTimeoutMs(failing, project), signal };
  await using bench = await TrialBench.open(tests, subject);
  const ways = {
    plain: async () => await bench.run(probe.command, [probe.selection], bounds),
    fast: async () => await bench.runProbe(probe, bounds),
  };
  const times = { plain: [] as number[], fast: [] as number[] };
  const told = new Set<string>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const way of ['plain', 'fast'] as const) {
      const begin = performance.now();
      if (file !== undefined) await bench.place(aComment(file, source.length, `${way} ${round}`));
      told.add(statuses(await ways[way]()));
      times[way].push(performance.now() - begin);
    }
  }
  const [first = 0, ...fast] = times.fast;
  return {
    name: root.split('/').at(-1) ?? root,
    runner: detection.command.runner,
    plain: median(times.plain),
    fast: median(fast),
    first,
    isSame: told.size === 1,
  };
}

async function runSuite(
  tests: ProjectTests,
  subject: Omit<Parameters<typeof probeOf>[0], 'failing'>,
  command: Parameters<TrialBench['run']>[0],
  signal: AbortSignal,
): Promise<TestResult> {
  const nothing: TestResult = {
    kind: 'test_result',
    runner: command.runner,
    command: [],
    outcome: 'passed',
    exitCode: 0,
    durationMs: 0,
    cases: [],
    flaky: [],
    log: '',
  };
  await using bench = await TrialBench.open(tests, { ...subject, failing: nothing });
  return await bench.run(command, [], { wallTimeMs: SUITE_MS, signal });
}

/** A candidate that changes the file and nothing that it does. */
function aComment(file: string, end: number, words: string): Candidate {
  const replacement = `\n${file.endsWith('.py') ? '#' : '//'} ${words}\n`;
  const place = { file, start: end, end, replacement, line: 1, operator: 'constant', rank: 0 } as const;
  const edit = { ...place, before: '', after: replacement, size: 1, role: '', form: '', plausibility: 1 };
  return { id: words, score: 1, edit };
}

function statuses({ cases }: TestResult): string {
  return JSON.stringify(cases.map(({ id, status }) => [id, status]));
}

function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)] ?? Number.NaN;
}

function show({ name, runner, plain, fast, first, isSame }: Row): string {
  const times = [plain, fast, first].map((time) => time.toFixed(0).padStart(7));
  const ratio = `${(plain / fast).toFixed(1)} x`;
  return `${name.padEnd(26)} ${runner.padEnd(10)} ${times.join(' ')} ${ratio.padStart(8)} ${isSame ? 'same' : 'DIFFERENT'}`;
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { rounds: { type: 'string', default: '15' } },
  });
  process.stdout.write(`${'project'.padEnd(26)} ${'runner'.padEnd(10)}   plain    fast   first    ratio\n`);
  for (const [directory = '.', file] of positionals.map((each) => each.split(':'))) {
    const data = mkdtempSync(join(tmpdir(), 'vltair-trials-'));
    try {
      process.stdout.write(`${show(await measure(resolve(directory), file, Number(values.rounds), data))}\n`);
    } finally {
      rmSync(data, { recursive: true, force: true });
    }
  }
}

await main();
