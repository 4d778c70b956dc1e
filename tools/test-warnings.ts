// A warning during the tests is a failure. In each test worker a warning of the process becomes an uncaught error,
// which vitest reports and fails on; whatever another process prints is found by the verify script in the output.

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
export function findWarnings(output: string): string[] {
  const printed = output.matchAll(/^.*\(node:\d+\) (?:\[\w+\] )?(?<name>\w*Warning): (?<message>.*)$/gmu);
  return [...printed]
    .filter(({ groups }) => !isAllowed({ name: groups?.['name'] ?? '', message: groups?.['message'] ?? '' }))
    .map(([line]) => line.trim());
}
