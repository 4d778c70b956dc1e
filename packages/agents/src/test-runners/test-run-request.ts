import type { SandboxLimits } from '@vltair/sandbox';
import type { CommandRunner } from './resident.ts';
import type { TestCommand, TestSelection } from './test-command.ts';
import type { Environment } from './toolchain.ts';

export interface TestRunRequest {
  readonly sandbox: CommandRunner;
  /** The workspace's clone; the tests may write in it. */
  readonly directory: string;
  readonly command: TestCommand;
  /** Host paths that the tests may read besides the toolchain: installed dependencies that the clone links to. */
  readonly readOnlyPaths?: readonly string[];
  /** Only these files or cases; absent or empty means everything. */
  readonly selection?: readonly TestSelection[];
  readonly limits: SandboxLimits;
  /** Runs of each failing case in all, at least 1; a case whose verdicts differ is flaky. Default: 1. */
  readonly repeat?: number;
  /** Measure what each case runs. Default: false. */
  readonly coverage?: boolean;
  readonly traceId: string;
  readonly signal?: AbortSignal;
  /** The environment of the person who started us. Default: this process's. */
  readonly environment?: Environment;
  /** Where VLTAIR is installed: PATH entries below it are not the user's. Default: this package's repository. */
  readonly installation?: string;
  readonly mode?: 'strict' | 'best-effort';
}
