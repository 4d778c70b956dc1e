/**
 * Which files a repair must never change: tests, what they compare with, and what decides how they run.
 *
 * I1: a path that this rule protects is never ranked, never edited. The rule looks at the path alone, so that no content can
 * argue its way out, and it errs towards protecting.
 */

const testName = [
  /\.(test|spec|tests|specs|test-d|spec-d|e2e|cy|stories)\.[^.]+$/i,
  /[-_](test|spec|tests|specs)\.(js|jsx|mjs|cjs|ts|tsx|mts|cts|py)$/i,
  /^test[-_].*\.(js|jsx|mjs|cjs|ts|tsx|mts|cts|py)$/i,
  /^(test|tests|spec|specs)\.(js|jsx|mjs|cjs|ts|tsx|mts|cts|py)$/i,
  /^conftest\.py$/i,
];

const configurationName = [
  /^(vite|vitest|jest|playwright|cypress|karma|ava|wdio|babel|webpack|rollup|rolldown|nyc|c8|stryker|wallaby|web-test-runner)([.-][\w.-]+)?\.(config|conf|workspace|setup|projects)\.[^.]+$/i,
  /^(vitest|jest|mocha|jasmine)[.-](setup|workspace|preset|globals|environment)([.-][\w-]+)?\.[^.]+$/i,
  /^setup-?tests?\.[^.]+$/i,
  /^\.(mocharc|nycrc|c8rc|taprc|babelrc|swcrc|coveragerc|npmrc|nvmrc|node-version|python-version)(\.[^.]+)*$/i,
  /^(pytest\.ini|\.pytest\.ini|tox\.ini|noxfile\.py|setup\.cfg|setup\.py|pyproject\.toml|pipfile|manage\.py|sitecustomize\.py|usercustomize\.py)$/i,
  /^(package|tsconfig|jsconfig|deno|lerna|nx|turbo|project)([.-][\w.-]+)?\.jsonc?$/i,
  /^requirements([.-][\w.-]+)?\.(txt|in)$/i,
  /^(makefile|dockerfile|bunfig\.toml|pnpm-workspace\.yaml)$/i,
];

const lockName = [
  /^(package-lock|npm-shrinkwrap)\.json$/i,
  /^(yarn|poetry|pipfile|uv|pdm|bun|deno|cargo)\.lockb?$/i,
  /^pnpm-lock\.yaml$/i,
];

const snapshotName = [/\.snap$/i, /\.snapshot$/i, /\.ambr$/i];

/** Folders whose whole content belongs to tests. */
const testFolder = /^(__tests?__|__specs?__|__snapshots__|__mocks__|__fixtures__|testdata|test-data|snapshots)$/i;

/** Folders that hold tests where they hold code: `tests/`, but not `src/test/`-less words such as `contest/`. */
const testsFolder = /^(tests?|specs?|e2e|unit-?tests?|integration-?tests?)$/i;

const sourceExtension = /\.(js|jsx|mjs|cjs|ts|tsx|mts|cts|py|json|ya?ml|txt|html|csv)$/i;

/** Folders of other people's code and of built code. */
const foreignFolder = /^(node_modules|\.git|\.venv|venv|site-packages|\.tox|\.nox|__pycache__|\.vltair)$/i;

/**
 * Whether a repair must leave this file alone.
 *
 * @param path relative to the workspace root; `/` or `\` separated.
 * @example isProtectedPath('src/cart.test.ts') // true
 * @example isProtectedPath('src/contest.ts') // false
 */
export function isProtectedPath(path: string): boolean {
  const segments = path
    .replaceAll('\\', '/')
    .split('/')
    .filter((segment) => segment !== '' && segment !== '.');
  const name = segments.at(-1) ?? '';
  const folders = segments.slice(0, -1);
  return (
    [...testName, ...configurationName, ...lockName, ...snapshotName].some((pattern) => pattern.test(name)) ||
    folders.some((folder) => testFolder.test(folder) || foreignFolder.test(folder)) ||
    looksLikeTestTree(folders, name)
  );
}

/** A `tests` folder at the top of a package counts; a `tests` package below a source folder (an app about exams) does not. */
function looksLikeTestTree(folders: readonly string[], name: string): boolean {
  const index = folders.findIndex((folder) => testsFolder.test(folder));
  if (index < 0 || !sourceExtension.test(name)) return false;
  const above = folders.slice(0, index);
  const source = above.findLastIndex((folder) => /^(src|lib|app)$/i.test(folder));
  const singular = /^(test|spec)$/i.test(folders[index] ?? '');
  return source < 0 || singular || /^(e2e|unit|integration)/i.test(folders[index] ?? '') || above.length - source <= 2;
}
