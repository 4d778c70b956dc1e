// Switches rules off, one at a time, and counts the seeds until the simulation notices: `npm run simulate:mutants [NAME...] [-- --seeds N]`.
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Summary } from './campaign.ts';
import { mutants, type Edit, type Mutant } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
/** The run with every rule in its place. */
const CONTROL = '(nothing)';
/** Counts as noticed as well: the process dies in the middle, or tells of no further seeds for so long. */
const STALL_MS = 180_000;

interface Verdict {
  readonly name: string;
  readonly rule: string;
  /** Until it was noticed; `undefined`: never. */
  readonly seeds: number | undefined;
  readonly noticedBy: string;
}

const { values, positionals } = parseArgs({
  options: { seeds: { type: 'string', default: '4000' }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});

async function checkMutants(seeds: number): Promise<number> {
  const chosen = positionals.length === 0 ? mutants : mutants.filter(({ name }) => positionals.includes(name));
  for (const { edits } of chosen) for (const edit of edits) checkEdit(edit);
  const queue: (Mutant | undefined)[] = [undefined, ...chosen];
  const verdicts: Verdict[] = [];
  await Promise.all(Array.from({ length: availableParallelism() }, () => runLane(queue, verdicts, seeds)));
  process.stdout.write(values.json ? `${JSON.stringify(verdicts)}\n` : tableOf(verdicts));
  return verdicts.every(({ name, seeds: needed }) => (name === CONTROL) === (needed === undefined)) ? 0 : 1;
}

/** @throws Error for a text that is not there, or not alone: the sources have moved on. */
function checkEdit({ file, from }: Edit): void {
  const times = readFileSync(join(ROOT, 'packages/core/src', file), 'utf8').split(from).length - 1;
  if (times !== 1) throw new Error(`${file} has ${times} times, not once: ${from}`);
}

async function runLane(queue: (Mutant | undefined)[], verdicts: Verdict[], seeds: number): Promise<void> {
  const copy = copySources();
  try {
    while (queue.length > 0) {
      const mutant = queue.shift();
      const verdict = await judge(mutant, copy, seeds);
      verdicts.push(verdict);
      process.stderr.write(`${verdict.name}: ${verdict.noticedBy}\n`);
    }
  } finally {
    rmSync(copy, { recursive: true, force: true });
  }
}

/** The sources of core and of what it imports, by themselves. */
function copySources(): string {
  const copy = mkdtempSync(join(tmpdir(), 'vltair-mutants-'));
  for (const part of ['core/src', 'core/test', 'core/package.json', 'protocol/src', 'protocol/package.json'])
    cpSync(join(ROOT, 'packages', part), join(copy, 'packages', part), { recursive: true });
  const modules = join(copy, 'node_modules');
  mkdirSync(join(modules, '@vltair'), { recursive: true });
  for (const name of readdirSync(join(ROOT, 'node_modules')))
    if (name !== '@vltair') symlinkSync(join(ROOT, 'node_modules', name), join(modules, name));
  for (const name of ['core', 'protocol']) symlinkSync(join(copy, 'packages', name), join(modules, '@vltair', name));
  return copy;
}

async function judge(mutant: Mutant | undefined, copy: string, seeds: number): Promise<Verdict> {
  const sources = join(copy, 'packages/core/src');
  const edits = mutant?.edits ?? [];
  for (const { file, from, to } of edits) rewrite(join(sources, file), from, to);
  try {
    return { name: mutant?.name ?? CONTROL, rule: mutant?.rule ?? 'the control', ...(await simulateIn(copy, seeds)) };
  } finally {
    for (const { file } of edits) cpSync(join(ROOT, 'packages/core/src', file), join(sources, file));
  }
}

function rewrite(path: string, from: string, to: string): void {
  writeFileSync(
    path,
    readFileSync(path, 'utf8').replace(from, () => to),
  );
}

type Finding = Pick<Verdict, 'seeds' | 'noticedBy'>;

/** Sources that do not load say nothing of the rule. */
function loadProblem(copy: string): Promise<string | undefined> {
  const program = `await import(${JSON.stringify(join(copy, 'packages/core/test/simulation/simulation.ts'))})`;
  return new Promise((done) => {
    execFile(process.execPath, ['--input-type=module', '--eval', program], (error, _, stderr) =>
      done(error === null ? undefined : (stderr.match(/^\w*Error.*$/m)?.[0] ?? error.message)),
    );
  });
}

async function simulateIn(copy: string, seeds: number): Promise<Finding> {
  const problem = await loadProblem(copy);
  if (problem !== undefined) return { seeds: undefined, noticedBy: `the sources do not load: ${problem}` };
  return await campaignIn(copy, seeds);
}

function campaignIn(copy: string, seeds: number): Promise<Finding> {
  const main = join(copy, 'packages/core/test/simulation/main.ts');
  const args = [main, '--seeds', `${seeds}`, '--threads', '1', '--until-failure', '--no-shrink', '--json'];
  return new Promise((done) => {
    const child = execFile(process.execPath, args, { maxBuffer: 1e8 }, (error, stdout, stderr) => {
      clearTimeout(stall);
      const [failure] = summaryIn(stdout)?.failures ?? [];
      if (failure !== undefined) done({ seeds: failure.seed, noticedBy: failure.message.slice(0, 120) });
      else if (error === null) done({ seeds: undefined, noticedBy: `nothing, in ${seeds} seeds` });
      else done({ seeds: 0, noticedBy: `the process: ${stderr.trim().split('\n').at(-1) ?? error.message}` });
    });
    const stall = setTimeout(() => child.kill('SIGKILL'), STALL_MS);
    child.stderr?.on('data', () => stall.refresh());
  });
}

function summaryIn(stdout: string): Summary | undefined {
  return stdout.startsWith('{') ? (JSON.parse(stdout) as Summary) : undefined;
}

function tableOf(verdicts: readonly Verdict[]): string {
  const rows = verdicts.map(({ name, rule, seeds, noticedBy }) => {
    const needed = seeds === undefined ? 'never' : `${seeds}`;
    return `| ${name} | ${rule} | ${needed} | ${noticedBy.split(':')[0] ?? ''} |`;
  });
  return ['| switched off | rule | seeds | noticed by |', '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

process.exitCode = await checkMutants(Number(values.seeds));
