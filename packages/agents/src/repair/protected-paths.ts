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
  /^run[-_]?tests?\.(js|mjs|cjs|ts|mts|cts|py|sh)$/i,
];

const configurationName = [
  /^(vite|vitest|jest|playwright|cypress|karma|ava|wdio|babel|webpack|rollup|rolldown|nyc|c8|stryker|wallaby|web-test-runner|eslint)([.-][\w.-]+)?\.(config|conf|workspace|setup|projects)\.[^.]+$/i,
  /^(vitest|jest|mocha|jasmine)[.-](setup|workspace|preset|globals|environment)([.-][\w-]+)?\.[^.]+$/i,
  /^setup-?tests?\.[^.]+$/i,
  /^\.(mocharc|nycrc|c8rc|taprc|babelrc|swcrc|coveragerc|npmrc|nvmrc|node-version|python-version)(\.[^.]+)*$/i,
  /^(pytest\.ini|\.pytest\.ini|tox\.ini|noxfile\.py|setup\.cfg|setup\.py|pyproject\.toml|pipfile|manage\.py|sitecustomize\.py|usercustomize\.py)$/i,
  /^(package|tsconfig|jsconfig|deno|lerna|nx|turbo|project)([.-][\w.-]+)?\.jsonc?$/i,
  /^requirements([.-][\w.-]+)?\.(txt|in)$/i,
  /^(gruntfile|gulpfile)\.[^.]+$/i,
  /^(makefile|dockerfile|bunfig\.toml|pnpm-workspace\.yaml)$/i,
];

const lockName = [
  /^(package-lock|npm-shrinkwrap)\.json$/i,
  /^(yarn|poetry|pipfile|uv|pdm|bun|deno|cargo)\.lockb?$/i,
  /^pnpm-lock\.yaml$/i,
];

const snapshotName = [/\.snap$/i, /\.snapshot$/i, /\.ambr$/i];

/** Folders whose whole content belongs to tests. */
const testFolder =
  /^(tests?|testing|test[-_]?(data|utils?|helpers?|support)|__tests?__|__specs?__|(__)?(snapshots|mocks|fixtures)(__)?)$/i;

/** The same where one folder lies in the other. */
const testFolders = [/(^|\/)cypress\/support(\/|$)/i, /(^|\/)features\/(steps|step_definitions|support)(\/|$)/i];

/** Folders that hold tests where they hold code at the top of a package. */
const specsFolder = /^(specs?|e2e|unit-?tests?|integration-?tests?)$/i;

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
    testFolders.some((pattern) => pattern.test(folders.join('/'))) ||
    looksLikeSpecTree(folders, name)
  );
}

/** A `specs` folder at the top of a package counts; a `specs` package deep below a source folder (an app about products) does not. */
function looksLikeSpecTree(folders: readonly string[], name: string): boolean {
  const index = folders.findIndex((folder) => specsFolder.test(folder));
  if (index < 0 || !sourceExtension.test(name)) return false;
  const above = folders.slice(0, index);
  const source = above.findLastIndex((folder) => /^(src|lib|app)$/i.test(folder));
  return source < 0 || !/^specs$/i.test(folders[index] ?? '') || above.length - source <= 2;
}

/**
 * The path rule widened by what one project protects besides.
 *
 * @param entries paths relative to the workspace root; one that ends in `/` is a folder with all that it holds.
 */
export function protectedBy(entries: Iterable<string>): (path: string) => boolean {
  const all = [...entries];
  const files = new Set(all);
  const folders = all.filter((entry) => entry.endsWith('/'));
  return (path) => isProtectedPath(path) || files.has(path) || folders.some((folder) => path.startsWith(folder));
}
