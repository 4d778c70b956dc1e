import { plainEnding, type Act, type Scenario, type Script } from './scenario.ts';

/** Two nodes of agents, a map, a child, a sleep, a signal, approvals of a node and of a call, a retry, a loop, compensation, cleaning up. */
export const crashScenario: Scenario = {
  workflow: {
    name: 'simulated',
    nodes: [
      { id: 'first', agent: 'ada', compensate: { agent: 'undoer' } },
      { id: 'flaky', agent: 'bob', needs: ['first'] },
      { id: 'each', agent: 'cyd', needs: ['first'], map: { over: '{{first.output.list}}', concurrency: 1 } },
      { id: 'nap', sleep: '2s', needs: ['flaky'] },
      { id: 'post', signal: {}, needs: ['nap'] },
      { id: 'below', subrun: { workflow: 'child', budget: { calls: 9 } }, needs: ['each'] },
      { id: 'asked', agent: 'dee', approval: { message: 'may it?' }, needs: ['post', 'below'] },
      {
        id: 'loop',
        agent: 'ada',
        needs: ['asked'],
        maxVisits: 2,
        routes: [
          { on: 'again', to: 'loop' },
          { on: 'other', end: 'failed' },
        ],
      },
    ],
    finally: [{ id: 'sweep', agent: 'sweeper' }],
    workflows: { child: { nodes: [{ id: 'only', agent: 'cyd' }] } },
    budget: { calls: 60 },
  },
  agents: {
    ada: aScript([anAct('look', 'repeatable'), anAct('pay', 'once')], { signals: ['again', 'other'], items: 2 }),
    bob: aScript([anAct('mail', 'keyed')], { failsIn: 1 }),
    cyd: aScript([anAct('look', 'repeatable')], { changes: true }),
    dee: aScript([anAct('try', 'once')]),
    undoer: aScript([anAct('pay', 'once')]),
    sweeper: aScript([anAct('mail', 'keyed')]),
  },
  gate: { try: { verdict: 'ask' } },
  wishes: [],
  faults: [],
  workers: { concurrency: 2, isWorker: true, skews: [0] },
};

function aScript(acts: readonly Act[], ending: Partial<Script['ending']> = {}): Script {
  return {
    steps: acts.map((act) => ({ do: 'act', act })),
    ending: { ...plainEnding, ...ending },
  };
}

function anAct(name: string, policy: Act['policy']): Act {
  const quick = { takesMs: 5, totalMs: 60_000, failsIn: 0, isStubborn: false, isTolerated: false, diverges: false };
  return { name, policy, reserve: { calls: 1 }, spend: {}, ...quick };
}
