import { availableParallelism, hostname } from 'node:os';
import {
  AgentRegistry,
  catalogued,
  createCodeGen,
  createDebug,
  createTestExec,
  isProtectedPath,
  openWorkspace,
  ProjectTests,
  type Workspace,
} from '@vltair/agents';
import { Runtime, systemClock, type EventStore, type WorkspacePort } from '@vltair/core';
import { failure, VltairError } from '@vltair/protocol';
import { createSandbox, type Sandbox } from '@vltair/sandbox';
import type { Configuration } from './environment.ts';
import { openStore } from './open-store.ts';

export interface ApplicationOptions {
  readonly dataDirectory: string;
  readonly configuration: Configuration;
  /** The environment of the person who started us; sandboxed commands get an allow-listed part of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hears what a person should know but need not stop for. */
  readonly warn: (sentence: string) => void;
}

/** All parts joined, as the writer of one store. */
export interface Application {
  readonly dataDirectory: string;
  readonly configuration: Configuration;
  readonly store: EventStore;
  readonly runtime: Runtime;
  readonly workspace: Workspace;
  readonly sandbox: Sandbox;
  readonly agents: AgentRegistry;
  /** Ends what is in flight, recording no end: every run can be resumed. Bounded. */
  close(): Promise<void>;
}

/** How long ending processes and open effects may hold up a close. */
const CLOSE_GRACE_MS = 8_000;

/** @throws VltairError `unavailable/store_locked` when another process owns the store, and what else can be wrong with it. */
export async function openApplication(options: ApplicationOptions): Promise<Application> {
  const { dataDirectory, configuration } = options;
  const store = await openStore(options, 'write');
  try {
    const workspace = await catalogued(openWorkspace({ dataDirectory }));
    const sandbox = sandboxOf(configuration);
    const { redaction } = configuration;
    const agents = agentsOf(sandbox, workspace, { environment: options.environment, redaction });
    const runtime = new Runtime(
      { store, clock: systemClock, invoker: agents, workspace: portOf(workspace) },
      {
        worker: `${hostname()}:${process.pid}`,
        concurrency: configuration.testMode ? 1 : availableParallelism(),
        agents: agents.digests(),
        redaction,
        onWarning: options.warn,
      },
    );
    const close = async (): Promise<void> => {
      await runtime.close(CLOSE_GRACE_MS);
      await store.close();
    };
    return { dataDirectory, configuration, store, runtime, workspace, sandbox, agents, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

export function sandboxOf(configuration: Configuration): Sandbox {
  const { ciDiagnostics, killOnSocket, reportCgroupsV2 } = configuration;
  return createSandbox({
    killOnSocket,
    ...(reportCgroupsV2 ? { controlGroupsV2: true } : {}),
    ...(ciDiagnostics === undefined ? {} : { diagnostics: diagnosticsOf(ciDiagnostics) }),
  });
}

/** The built-in agents; a new one is one line here. */
export function agentsOf(
  sandbox: Sandbox,
  workspace: Workspace,
  { environment, redaction }: Pick<ApplicationOptions, 'environment'> & Pick<Configuration, 'redaction'>,
): AgentRegistry {
  const tests = new ProjectTests({ sandbox, workspace, environment, redaction });
  return new AgentRegistry([createTestExec(tests), createDebug(workspace), createCodeGen(tests)], redaction);
}

function portOf(workspace: Workspace): WorkspacePort {
  return {
    apply: async (tree, change) => {
      const written = await catalogued(workspace.write(tree, [change], { isProtected: isProtectedPath }));
      if (written.kind === 'written') return { kind: 'applied', tree: written.tree };
      if (written.kind === 'conflict')
        throw new VltairError('internal/unexpected', { detail: 'a change without a base conflicts' });
      const reason = written.reason === 'protected' ? 'forbidden/protected_path' : 'invalid_argument/path_outside';
      return { kind: 'refused', failure: failure(reason, { detail: written.path }) };
    },
  };
}

function diagnosticsOf({ file, onStderr }: NonNullable<Configuration['ciDiagnostics']>) {
  return { file, ...(onStderr ? { printLine: (line: string) => process.stderr.write(`${line}\n`) } : {}) };
}
