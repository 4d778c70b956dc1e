// Mastra: a workflow of five steps whose snapshot is stored in a file by LibSQLStore.
import { join } from 'node:path';
import { Mastra } from '@mastra/core';
import { createStep, createWorkflow } from '@mastra/core/workflows';
import { LibSQLStore } from '@mastra/libsql';
import { z } from 'zod';
import { serveContender, type Contender } from '../durable/serve-contender.ts';
import { act } from './act.ts';
import { versionOf } from './version-of.ts';

const done = z.object({ step: z.string() });

function stepNamed(id: string) {
  return createStep({ id, inputSchema: done, outputSchema: done, execute: async () => await act(id) });
}

const fiveSteps = createWorkflow({ id: 'five-steps', inputSchema: done, outputSchema: done })
  .then(stepNamed('first'))
  .then(stepNamed('second'))
  .then(stepNamed('third'))
  .then(stepNamed('fourth'))
  .then(stepNamed('fifth'))
  .commit();

async function openContender(directory: string): Promise<Contender> {
  const storage = new LibSQLStore({ id: 'bench', url: `file:${join(directory, 'mastra.db')}` });
  const mastra = new Mastra({ storage, workflows: { fiveSteps }, logger: false });
  const workflow = mastra.getWorkflow('fiveSteps');
  return {
    about: {
      engine: 'Mastra',
      version: versionOf('@mastra/core'),
      store: `libsql ${versionOf('@mastra/libsql')} in a file, WAL, synchronous=NORMAL (set by itself)`,
      fsync: 'nobody at a step: the file is synced when the WAL is folded into it, so a power cut takes finished steps',
      processes: ['workflows, store and caller in one process'],
      concurrency: 'unbounded',
    },
    runOne: async () => {
      const run = await workflow.createRun();
      const { status } = await run.start({ inputData: { step: 'start' } });
      if (status !== 'success') throw new RangeError(`a workflow ended as ${status}`);
    },
    close: () => Promise.resolve(void setImmediate(() => process.exit(0))),
  };
}

await serveContender(openContender);
