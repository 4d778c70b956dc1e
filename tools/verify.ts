// Everything that must hold before a commit lands, one line per step, stopping at the first failure:
// `npm run verify`, or `node tools/verify.ts lint types` for some steps by name, `--skip tests` for all but one,
// `--keep-going` to see every failure in one go.
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Outcome, type Step, runStep } from './run-step.ts';
import { refuseWarnings } from './test-warnings.ts';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['packages', 'tools', 'e2e', 'bench', 'examples'];

function tool(name: string, path: string, ...options: string[]): Step {
  return { name, command: process.execPath, arguments: [join(ROOT, path), ...options] };
}

export const STEPS: readonly Step[] = [
  tool('lockfile', 'tools/check-lockfile.ts'),
  tool('format', 'node_modules/prettier/bin/prettier.cjs', '--check', '--log-level', 'warn', '.'),
  tool('lint', 'node_modules/oxlint/bin/oxlint'),
  tool('types', 'node_modules/@typescript/native/bin/tsc', '-p', 'tsconfig.json'),
  tool('house rules', 'tools/check-sources.ts'),
  tool('boundaries', 'node_modules/dependency-cruiser/bin/dependency-cruiser.mjs', ...FOLDERS),
  tool('dead code', 'node_modules/knip/bin/knip.js', '--treat-config-hints-as-errors'),
  { ...tool('tests', 'node_modules/vitest/vitest.mjs', 'run', '--coverage'), refuses: refuseWarnings },
  tool('changed lines', 'tools/changed-lines.ts'),
];

/** Throws on a step that does not exist, so that a renamed step cannot be skipped in silence. */
export function chooseSteps(steps: readonly Step[], only: readonly string[], skip: readonly string[]): Step[] {
  const unknown = [...only, ...skip].find((name) => !steps.some((step) => step.name === name));
  if (unknown !== undefined)
    throw new Error(`no step '${unknown}'; steps: ${steps.map(({ name }) => name).join(', ')}`);
  return steps.filter(({ name }) => (only.length === 0 || only.includes(name)) && !skip.includes(name));
}

/**
 * Runs the steps in order; true when all passed. `print` gets whole lines and, after a failure, the step's output. The
 * first failure ends the run unless it is to keep going.
 */
export async function verify(
  steps: readonly Step[],
  print: (text: string) => void,
  { keepGoing = false }: { readonly keepGoing?: boolean } = {},
): Promise<boolean> {
  let failures = 0;
  for (const step of steps) {
    const outcome = await runStep(step, ROOT);
    print(describe(step, outcome));
    if (outcome.passed) continue;
    print(outcome.output);
    failures += 1;
    if (!keepGoing) return false;
  }
  print(`${String(steps.length - failures)} of ${String(steps.length)} steps hold`);
  return failures === 0;
}

function describe(step: Step, { passed, milliseconds }: Outcome): string {
  return `${passed ? 'ok  ' : 'FAIL'} ${step.name.padEnd(13)} ${(milliseconds / 1000).toFixed(1)} s`;
}

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    options: {
      skip: { type: 'string', multiple: true, default: [] },
      'keep-going': { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const print = (text: string): void => {
    console.log(text);
  };
  const passed = await verify(chooseSteps(STEPS, positionals, values.skip), print, { keepGoing: values['keep-going'] });
  process.exitCode = passed ? 0 : 1;
}
