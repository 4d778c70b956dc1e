import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createSandbox } from '@vltair/sandbox';
import { detectRunner } from '../src/test-runners/detect-runner.ts';
import { directoryFiles } from '../src/test-runners/project-files.ts';
import { runTests, type TestRun } from '../src/test-runners/run-tests.ts';
import type { TestRunRequest } from '../src/test-runners/test-run-request.ts';

const installed = realpathSync(join(import.meta.dirname, '..', '..', '..', 'node_modules'));
const sandbox = createSandbox();

/** A small project in a temporary directory, removed with `using`. */
export class TestProject implements Disposable {
  readonly directory = realpathSync(mkdtempSync(join(tmpdir(), 'vltair-project-')));

  constructor(files: Readonly<Record<string, string>>) {
    for (const [path, text] of Object.entries(files)) this.write(path, text);
  }

  write(path: string, text: string): void {
    const file = join(this.directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }

  /** Gives the project this repository's installed packages, each by a link, so that tools keep their caches to the project. */
  linkDependencies(directory = '.'): this {
    const own = join(this.directory, directory, 'node_modules');
    mkdirSync(own, { recursive: true });
    const names = readdirSync(installed).filter((name) => !name.startsWith('.'));
    for (const name of names) symlinkSync(join(installed, name), join(own, name));
    return this;
  }

  /** Detects the runner and runs its tests for real. */
  run(options: Partial<TestRunRequest> & { readonly override?: string } = {}): Promise<TestRun> {
    const { override, ...request } = options;
    const detection = detectRunner(directoryFiles(this.directory), override);
    if (detection.kind !== 'found') throw new Error(`no runner: ${JSON.stringify(detection)}`);
    const limits = { wallTimeMs: 40_000 };
    return runTests({
      sandbox,
      directory: this.directory,
      command: detection.command,
      limits,
      readOnlyPaths: [installed],
      traceId: 'trace-1',
      ...request,
    });
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}
