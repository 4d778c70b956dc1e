// A warning during the tests is a failure. In each test worker a warning of the process becomes an uncaught error,
// which vitest reports and fails on; whatever another process prints is found in the output of the run, by the verify
// script or by `node tools/test-warnings.ts LOG`.
import { readFileSync } from 'node:fs';

interface AllowedWarning {
  readonly name: string;
  readonly message: RegExp;
  readonly reason: string;
}

const ALLOWED_WARNINGS: readonly AllowedWarning[] = [
  {
    name: 'ExperimentalWarning',
    message: /^SQLite is an experimental feature/u,
    reason: 'node:sqlite is the journal by decision; Node 24 still labels it experimental when it is first loaded',
  },
];

export function isAllowed(warning: { readonly name: string; readonly message: string }): boolean {
  return ALLOWED_WARNINGS.some(({ name, message }) => name === warning.name && message.test(warning.message));
}

/** Lines such as `(node:4711) MaxListenersExceededWarning: ...` that no allowance covers. */
function findWarnings(output: string): string[] {
  const printed = output.matchAll(/^.*\(node:\d+\) (?:\[\w+\] )?(?<name>\w*Warning): (?<message>.*)$/gmu);
  return [...printed]
    .filter(({ groups }) => !isAllowed({ name: groups?.['name'] ?? '', message: groups?.['message'] ?? '' }))
    .map(([line]) => line.trim());
}

/** A run in which some process printed a warning has failed, whatever its tests say. */
export function refuseWarnings(output: string): string | undefined {
  const warnings = findWarnings(output);
  return warnings.length === 0 ? undefined : `warnings fail the tests:\n${warnings.join('\n')}`;
}

if (import.meta.main) {
  const [log] = process.argv.slice(2);
  if (log === undefined) throw new Error('usage: node tools/test-warnings.ts LOG');
  const refusal = refuseWarnings(readFileSync(log, 'utf8'));
  console.log(refusal ?? 'no process printed a warning');
  process.exitCode = refusal === undefined ? 0 : 1;
}
