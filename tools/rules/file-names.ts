// A file is named after its main export, in kebab-case; a helper lives with the concept that it serves.
import { basename } from 'node:path/posix';
import type { Problem } from '../source.ts';

const RULE = 'file-names';
const VAGUE = new Set(['util', 'utils', 'helper', 'helpers', 'common', 'misc', 'manager', 'managers']);
const KEBAB = /^[a-z0-9]+([.-][a-z0-9]+)*$/u;
/** Names that a command is called by outside of this repository. */
const GIVEN = new Set(['bench/bench_check.ts']);
const PLACES = /^(packages|tools|e2e|bench)\//u;

export function checkFileNames(paths: readonly string[]): Problem[] {
  return paths
    .filter((path) => !GIVEN.has(path) && PLACES.test(path) && /\.[cm]?[jt]sx?$/u.test(path))
    .flatMap((path) => {
      const message = faultOf(path);
      return message === undefined ? [] : [{ rule: RULE, path, line: 0, message }];
    });
}

function faultOf(path: string): string | undefined {
  const vague = path.split(/[/.-]/u).find((word) => VAGUE.has(word));
  if (vague !== undefined) return `'${vague}' says nothing; name the concept`;
  return KEBAB.test(basename(path)) ? undefined : 'file names are kebab-case';
}
