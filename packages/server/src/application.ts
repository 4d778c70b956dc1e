import { availableParallelism, hostname } from 'node:os';
import {
  AgentRegistry,
  catalogued,
  createCodeGen,
  createDebug,
  createHttp,
  createShell,
  createTestExec,
  createTransform,
  isProtectedPath,
  openWorkspace,
  ProjectTests,
  type Workspace,
} from '@vltair/agents';
import { Runtime, systemClock, type Clock, type EventStore, type WorkspacePort } from '@vltair/core';
import { failure, VltairError } from '@vltair/protocol';
import { createSandbox, type Sandbox } from '@vltair/sandbox';
import type { Configuration } from './environment.ts';
import { MetricsFile } from './metrics-file.ts';
import { openStore } from './open-store.ts';
import { PolicyGate } from './policy-gate.ts';

export interface ApplicationOptions {
  readonly dataDirectory: string;
  readonly configuration: Configuration;
  /** The environment of the person who started us; sandboxed commands get an allow-listed part of it. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Hears what a person should know but need not stop for. */
  readonly warn: (sentence: string) => void;
  /** Attempts in flight at a time; one per processor unless said otherwise. 0: commands are answered, nothing works. */
  readonly concurrency?: number;
  /** Stays: takes up whatever run of the store a timer calls for. */
  readonly isWorker?: boolean;
}

/** What runs are made of and work with, whoever owns the store. */
export interface Equipment {
  readonly workspace: Workspace;
  readonly sandbox: Sandbox;
  readonly agents: AgentRegistry;
}

/** All parts joined, as the writer of one store. */
export interface Application extends Equipment {
  readonly dataDirectory: string;
  readonly configuration: Configuration;
  readonly store: EventStore;
  readonly runtime: Runtime;
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
    const equipment = await openEquipment(options);
    const { workspace, agents } = equipment;
    const { redaction, queue, testMode } = configuration;
    const runtime = new Runtime(
      {
        store,
        clock: await clockOf(store),
        invoker: agents,
        workspace: portOf(workspace),
        gate: new PolicyGate(dataDirectory),
      },
      {
        worker: `${hostname()}:${process.pid}`,
        concurrency: options.concurrency ?? (testMode ? 1 : availableParallelism()),
        queue,
        isWorker: options.isWorker ?? false,
        agents: agents.digests(),
        redaction,
        onWarning: options.warn,
      },
    );
    // Workers of a shared store tell it themselves.
    const metrics = store.leases === undefined ? new MetricsFile(dataDirectory, () => runtime.metrics()) : undefined;
    const close = async (): Promise<void> => {
      await runtime.close(CLOSE_GRACE_MS);
      metrics?.close();
      await store.close();
    };
    return { dataDirectory, configuration, store, runtime, ...equipment, close };
  } catch (error) {
    await store.close();
    throw error;
  }
}

const CLOCK_SAMPLES = 3;

/** All workers of a shared store stamp their facts by its clock, however their own are set. The quickest answer is the nearest. */
async function clockOf({ leases }: EventStore): Promise<Clock> {
  if (leases === undefined) return systemClock;
  await leases.now(); // over a connection that is made by then
  let nearest = { took: Infinity, ahead: 0 };
  for (let sample = 0; sample < CLOCK_SAMPLES; sample += 1) {
    const asked = systemClock.monotonic();
    const shown = await leases.now();
    const took = systemClock.monotonic() - asked;
    if (took < nearest.took) nearest = { took, ahead: shown + took / 2 - systemClock.now() };
  }
  const { ahead } = nearest;
  return { ...systemClock, now: () => Math.round(systemClock.now() + ahead) };
}

/** Everything but the store; the data directory gets a place for trees. */
export async function openEquipment({
  dataDirectory,
  configuration,
  environment,
}: Pick<ApplicationOptions, 'dataDirectory' | 'configuration' | 'environment'>): Promise<Equipment> {
  const workspace = await catalogued(openWorkspace({ dataDirectory }));
  const sandbox = sandboxOf(configuration);
  const agents = agentsOf(sandbox, workspace, { ...configuration, environment });
  return { workspace, sandbox, agents };
}

export function sandboxOf(configuration: Configuration): Sandbox {
  const { ciDiagnostics, killOnSocket, reportCgroupsV2 } = configuration;
  return createSandbox({
    killOnSocket,
    ...(reportCgroupsV2 ? { controlGroupsV2: true } : {}),
    ...(ciDiagnostics === undefined ? {} : { diagnostics: diagnosticsOf(ciDiagnostics) }),
  });
}

type AgentSettings = Pick<ApplicationOptions, 'environment'> &
  Pick<Configuration, 'redaction' | 'httpAllow' | 'shellNetwork'>;

/** The built-in agents; a new one is one line here. */
export function agentsOf(sandbox: Sandbox, workspace: Workspace, settings: AgentSettings): AgentRegistry {
  const { environment, redaction, httpAllow, shellNetwork } = settings;
  const tests = new ProjectTests({ sandbox, workspace, environment, redaction });
  const agents = [
    createTestExec(tests),
    createDebug(workspace),
    createCodeGen(tests),
    createShell({ sandbox, workspace, environment, allowNetwork: shellNetwork }),
    createHttp({ allow: httpAllow, environment }),
    createTransform(),
  ];
  return new AgentRegistry(agents, redaction);
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
