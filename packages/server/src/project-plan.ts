import { existsSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { catalogued, detectRunner, directoryFiles, findProjectRoot, type Project } from '@vltair/agents';
import { VltairError } from '@vltair/protocol';

type TestCommand = Project['commands'][number];

/** Where a project lies and how its tests run. */
export interface ProjectPlan {
  /** What a run captures: the project, or the monorepo around a package. Canonical. */
  readonly root: string;
  /** The package inside of it that was asked about; `.` for the root itself. */
  readonly packagePath: string;
  readonly commands: readonly TestCommand[];
  /** How the commands were found, one sentence. */
  readonly why: string;
  /** The directory that was asked about, when it has no tests and a project above it was taken instead. */
  readonly instead?: string;
}

/** What makes a directory a project of its own. */
const MARKERS = ['package.json', 'pyproject.toml', 'setup.py', '.git'] as const;

/**
 * Finds the tests of a directory, or, when it has none, of the nearest project above it; nothing is run.
 *
 * @throws VltairError `invalid_argument/not_a_directory`, `not_found/tests`, `not_found/test_runner`
 */
export async function planProject(directory: string, testCommand: string | undefined): Promise<ProjectPlan> {
  const own = await planOf(directory, testCommand);
  if (own.kind === 'plan') return own.plan;
  const above = projectAbove(await realpath(directory));
  const outer = above === undefined ? own : await planOf(above, testCommand);
  if (outer.kind === 'plan') return { ...outer.plan, instead: directory };
  throw new VltairError('not_found/tests', { detail: `looked for ${own.looked.join('; ')}`, where: directory });
}

/** The nearest directory above that is a project; the search ends at the top of the repository. */
function projectAbove(directory: string): string | undefined {
  for (let at = directory; at !== dirname(at) && !existsSync(join(at, '.git'));) {
    at = dirname(at);
    if (MARKERS.some((marker) => existsSync(join(at, marker)))) return at;
  }
  return undefined;
}

type Planned =
  { readonly kind: 'plan'; readonly plan: ProjectPlan } | { readonly kind: 'none'; readonly looked: readonly string[] };

async function planOf(directory: string, testCommand: string | undefined): Promise<Planned> {
  const project = await catalogued(findProjectRoot(directory));
  const isMember = project.kind === 'workspaces' && project.packagePath !== '';
  const root = isMember ? project.root : await realpath(directory);
  const packagePath = isMember ? project.packagePath : '.';
  const detection = detectRunner(directoryFiles(join(root, packagePath)), testCommand);
  if (detection.kind === 'none') return detection;
  if (detection.kind === 'missing_runner') {
    throw new VltairError('not_found/test_runner', { detail: detection.why, where: directory });
  }
  const commands = [detection.command, ...detection.others].map((command) => below(packagePath, command));
  return { kind: 'plan', plan: { root, packagePath, commands, why: detection.why } };
}

/** The same command, named from the root of the monorepo. */
function below(packagePath: string, command: TestCommand): TestCommand {
  return { ...command, directory: relative('', join(packagePath, command.directory)) || '.' };
}
