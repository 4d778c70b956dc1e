import { commandOwner, type Sandbox, type SandboxLimits } from '@vltair/sandbox';
import { failureOf, VltairError, type RedactionSettings } from '@vltair/protocol';
import { ResidentRunner, ResidentUnable, type CommandRunner } from '../test-runners/resident.ts';
import { runnerAdapters } from '../test-runners/runners/registry.ts';
import { runTests, type TestRun } from '../test-runners/run-tests.ts';
import type { TestCommand, TestSelection } from '../test-runners/test-command.ts';
import type { Environment } from '../test-runners/toolchain.ts';
import type { Clone } from '../workspace/clone.ts';
import { catalogued } from '../workspace/catalogued.ts';
import type { Workspace } from '../workspace/workspace.ts';
import type { Project } from './project-input.ts';

export interface ProjectTestsOptions {
  readonly sandbox: Sandbox;
  readonly workspace: Workspace;
  /** The environment of the person who started us; tests get an allow-listed part of it. */
  readonly environment: Environment;
  /** How secrets are found in what tests print, before any of it is recorded. */
  readonly redaction?: RedactionSettings;
}

export interface ProjectTestRun {
  readonly command: TestCommand;
  readonly selection: readonly TestSelection[];
  readonly repeat: number;
  readonly coverage: boolean;
  readonly limits: SandboxLimits;
  readonly traceId: string;
  readonly signal: AbortSignal;
  /** Instead of the sandbox itself. */
  readonly runner?: CommandRunner;
}

/** Memory that the processes of one test command may use together. */
const MEMORY_BYTES = 2 * 1024 ** 3;
const PROCESSES = 512;
const FILE_BYTES = 256 * 1024 ** 2;
const OUTPUT_BYTES = 1024 ** 2;

/** Runs a project's tests over trees of its workspace: what TestExec and CodeGen have in common. */
export class ProjectTests {
  readonly #options: ProjectTestsOptions;

  constructor(options: ProjectTestsOptions) {
    this.#options = options;
  }

  get workspace(): Workspace {
    return this.#options.workspace;
  }

  get redaction(): RedactionSettings {
    return this.#options.redaction ?? {};
  }

  /** A clone of a tree with the project's dependencies linked in. The caller disposes of it. */
  async checkout(project: Project, tree: string, traceId: string): Promise<Clone> {
    const dependencies = { from: project.directory, paths: project.dependencies };
    const owner = commandOwner();
    const options = { traceId, dependencies, ...(owner === undefined ? {} : { owner }) };
    return await catalogued(this.#options.workspace.checkout(tree, options));
  }

  /** Runs commands of this runner many times; undefined where each has to be started anew. The caller disposes of it. */
  resident({ runner }: TestCommand): ResidentRunner | undefined {
    const { language } = runnerAdapters[runner];
    return language === 'shell' ? undefined : new ResidentRunner(this.#options.sandbox, language);
  }

  /** One execution of one command over a clone. @throws VltairError when the sandbox refuses or cannot be set up; ResidentUnable */
  async run(project: Project, clone: Clone, run: ProjectTestRun): Promise<TestRun> {
    const { sandbox, environment } = this.#options;
    const limits = {
      memoryBytes: MEMORY_BYTES,
      processes: PROCESSES,
      fileBytes: FILE_BYTES,
      outputBytes: OUTPUT_BYTES,
      ...run.limits,
    };
    try {
      return await runTests({
        ...run,
        sandbox: run.runner ?? sandbox,
        environment,
        limits,
        directory: clone.directory,
        readOnlyPaths: clone.readOnlyPaths,
        mode: project.sandboxMode,
      });
    } catch (error) {
      if (error instanceof ResidentUnable) throw error;
      throw new VltairError('internal/sandbox', { detail: failureOf(error).message, cause: error });
    }
  }
}
