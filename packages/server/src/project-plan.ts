import { realpath } from 'node:fs/promises';
import { join, relative } from 'node:path';
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
}

/**
 * Finds the tests of a directory; nothing is run.
 *
 * @throws VltairError `invalid_argument/not_a_directory`, `not_found/tests`, `not_found/test_runner`
 */
export async function planProject(directory: string, testCommand: string | undefined): Promise<ProjectPlan> {
  const project = await catalogued(findProjectRoot(directory));
  const isMember = project.kind === 'workspaces' && project.packagePath !== '';
  const root = isMember ? project.root : await realpath(directory);
  const packagePath = isMember ? project.packagePath : '.';
  const detection = detectRunner(directoryFiles(join(root, packagePath)), testCommand);
  if (detection.kind === 'none') {
    throw new VltairError('not_found/tests', { detail: `looked for ${detection.looked.join('; ')}`, where: directory });
  }
  if (detection.kind === 'missing_runner') {
    throw new VltairError('not_found/test_runner', { detail: detection.why, where: directory });
  }
  const commands = [detection.command, ...detection.others].map((command) => below(packagePath, command));
  return { root, packagePath, commands, why: detection.why };
}

/** The same command, named from the root of the monorepo. */
function below(packagePath: string, command: TestCommand): TestCommand {
  return { ...command, directory: relative('', join(packagePath, command.directory)) || '.' };
}
