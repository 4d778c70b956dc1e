// The process that kill.test.ts kills: works on one run in the directory until the run rests, and prints how it ended.
// Each effect appends its key to `effects.txt` before it returns, and is told of.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { agentResult, VltairError, workflowSchema, agentError, failureOf, type AgentTask } from '@vltair/protocol';
import { openSqliteStore, Runtime, systemClock, type AgentContext, type Invoker } from '../src/index.ts';

const [directory = '', run = ''] = process.argv.slice(2);

const workflow = workflowSchema.parse({
  name: 'kill',
  nodes: [
    { id: 'first', agent: 'worker' },
    { id: 'left', agent: 'worker', needs: ['first'] },
    { id: 'right', agent: 'worker', needs: ['first'], maxVisits: 2, routes: [{ on: 'again', to: 'right' }] },
    { id: 'last', agent: 'worker', needs: ['left', 'right'] },
  ],
});

const EFFECTS_EACH = 6;
/** The run as a whole takes some twenty times as long. */
const EFFECT_MS = 5;

async function work(context: AgentContext): Promise<string> {
  for (let number = 1; number <= EFFECTS_EACH; number += 1) {
    const spec = {
      name: 'append',
      arguments: number,
      summary: 'append a line',
      policy: 'repeatable',
      clocks: { total: 10_000 },
    } as const;
    await context.effect(spec, async ({ idempotencyKey }) => {
      await setTimeout(EFFECT_MS);
      appendFileSync(join(directory, 'effects.txt'), `${idempotencyKey}\n`);
      process.stdout.write('effect\n');
      return number;
    });
    if (context.node === 'left' && number === 3 && context.attempt === 1) throw new VltairError('transient/agent');
  }
  return context.node === 'right' && context.visit === 1 ? 'again' : 'success';
}

const invoker: Invoker = {
  has: () => true,
  invoke: async (task: AgentTask, context) => {
    const envelope = { task, agent: 'worker', traceId: context.traceId };
    try {
      return agentResult({ ...envelope, payload: { signal: await work(context), output: {}, artifacts: [] } });
    } catch (error) {
      return agentError({ ...envelope, failure: failureOf(error) });
    }
  },
};

const store = await openSqliteStore({
  directory,
  mode: 'write',
  now: () => Date.now(),
  onWarning: (warning) => process.stderr.write(`${warning}\n`),
});
const workspace = { apply: () => Promise.reject(new Error('no workspace here')) };
const runtime = new Runtime(
  { store, clock: systemClock, invoker, workspace },
  { worker: 'child', concurrency: 4, agents: {} },
);
if ((await store.run(run)) === undefined) {
  await runtime.start({ run, workflow, input: {}, traceId: '0af7651916cd43dd8448eb211c80319c', title: 'kill' });
} else {
  await runtime.resume(run);
}
process.stdout.write('working\n');
const state = await runtime.rest(run);
await runtime.close(1_000);
await store.close();
process.stdout.write(`${state.status}\n`);
