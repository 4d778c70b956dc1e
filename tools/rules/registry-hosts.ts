// The repository installs from whatever registry the machine is configured for: no file names one.
import type { Problem } from '../source.ts';

const RULE = 'registry-hosts';

/** Reserved names such as `registry.example` may stand in documents. */
const HOSTS = [
  /\bregistry\.(npmjs|yarnpkg|npmmirror)\b/iu,
  /\bnpm\.pkg\.github\b/iu,
  /\/\/[\w.-]*(registry|artifactory|nexus|verdaccio|npm-?mirror)[\w.-]*\.(?!example\b|invalid\b|test\b)[a-z]{2,}\b/iu,
  /^\s*(@[\w-]+:)?registry\s*=/iu,
  /"resolved": "(https?|git)/iu,
];

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

export function checkRegistryHosts(files: readonly TextFile[]): Problem[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => {
      if (!HOSTS.some((host) => host.test(line))) return [];
      return [{ rule: RULE, path, line: index + 1, message: `names a package registry: ${line.trim().slice(0, 80)}` }];
    }),
  );
}
