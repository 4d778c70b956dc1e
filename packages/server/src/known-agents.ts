import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { catalogued, openWorkspace, type AgentRegistry } from '@vltair/agents';
import type { Workflow } from '@vltair/protocol';
import { agentsOf, sandboxOf } from './application.ts';
import type { Configuration } from './environment.ts';
import { readWorkflowFile, validateWorkflowFile, type FileValidation } from './workflow-file.ts';

/** Validates a workflow file against the agents of this version. No store is opened, and nothing is kept. */
export async function validateWithAgents(file: string, configuration: Configuration): Promise<FileValidation> {
  const agents = await idleAgents(configuration);
  return await validateWorkflowFile(file, agents.known());
}

/** Reads a workflow file that can run with the agents of this version. @throws VltairError for the first of its problems. */
export async function readWithAgents(file: string, configuration: Configuration): Promise<Workflow> {
  return await readWorkflowFile(file, (await idleAgents(configuration)).known());
}

/** The agents of this version, made as for a run, on a workspace that goes at once: to be asked what they take, not to work. */
export async function idleAgents(configuration: Configuration): Promise<AgentRegistry> {
  const dataDirectory = await mkdtemp(join(tmpdir(), 'vltair-agents-'));
  try {
    const workspace = await catalogued(openWorkspace({ dataDirectory }));
    const { redaction, httpAllow, shellNetwork } = configuration;
    const settings = { environment: {}, redaction, httpAllow, shellNetwork };
    return agentsOf(sandboxOf(configuration), workspace, settings);
  } finally {
    await rm(dataDirectory, { recursive: true, force: true });
  }
}
