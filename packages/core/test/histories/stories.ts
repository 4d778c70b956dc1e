/** Commands that are given to `vltair` in a project, one after the other. */
export interface Story {
  readonly project: {
    /** Paths in the project, and what of the repository is copied there. */
    readonly copied?: Readonly<Record<string, string>>;
    readonly written?: Readonly<Record<string, string>>;
  };
  readonly steps: readonly Step[];
}

interface Step {
  readonly words: readonly string[];
  /** The expected exit code; 0 unless said otherwise. */
  readonly exit?: number;
  /** The store that it works on, where it is not that of all stories. */
  readonly store?: string;
}

const WAITS = 3;
const FAILS = 1;

function example(name: string, input: object, exit = 0, ...steps: readonly Step[]): Story {
  const file = `${name}.yaml`;
  const words = ['run', file, '--input', JSON.stringify(input)];
  return { project: { copied: { [file]: `examples/workflows/${file}` } }, steps: [{ words, exit }, ...steps] };
}

function flow(text: string, ...steps: readonly Step[]): Story {
  return { project: { written: { 'flow.yaml': text } }, steps };
}

function repair(repository: string, ...steps: readonly Step[]): Story {
  return { project: { copied: { '.': `examples/repos/${repository}` } }, steps };
}

const order = { order: { price: 4, count: 3 } };
const begin = { words: ['run', 'flow.yaml'] };

const shellNode = (id: string, script: string): string => `
  - id: ${id}
    agent: shell
    input: { script: '${script}' }`;

const ENDS_FAILED = '\n    routes: [{ on: nonzero, end: failed, reason: forbidden/policy }]\n';

/** By name: what every example does when all goes well, and what else can become of it. */
export const stories: Readonly<Record<string, Story>> = {
  'sequential, succeeds': example('sequential', order),
  'an expression cannot be evaluated': flow(
    `name: computing\nnodes:
  - { id: double, agent: transform, action: evaluate, input: { values: { n: four }, expression: n * 2 } }\n`,
    { ...begin, exit: FAILS },
  ),
  'sequential, forked': example('sequential', order, 0, { words: ['fork', 'last', '--from', 'tax'] }),
  diamond: example('diamond', { text: 'Does it take both sides?' }),
  'map, one item fails': example('map', { numbers: [1, 'two', 3] }),
  'map, of nothing': example('map', { numbers: [] }),
  subrun: example('subrun', { first: 'Ada', second: 'Grace' }),
  'compensation, not needed': example('compensation', { amount: '50' }),
  'compensation, in reverse order': example('compensation', { amount: '500' }, FAILS),
  'compensation, retried': example('compensation', { amount: '500' }, FAILS, { words: ['retry', 'last'], exit: FAILS }),
  'loop, the second answer is taken': example(
    'loop',
    {},
    WAITS,
    { words: ['signal', 'last', 'number', '--data', '{"value":20}'], exit: WAITS },
    { words: ['signal', 'last', 'number', '--data', '{"value":3}'] },
  ),
  'loop, cancelled while it waits': example('loop', {}, WAITS, { words: ['cancel', 'last', '--reason', 'no answer'] }),
  'approval, granted': example('approval', { version: '1.2' }, WAITS, {
    words: ['approve', 'last', '--comment', 'read it twice'],
  }),
  'approval, rejected': example('approval', { version: '1.3' }, WAITS, {
    words: ['reject', 'last', '--reason', 'not on a Friday'],
  }),
  'approval, granted after a pause': example(
    'approval',
    { version: '1.4' },
    WAITS,
    { words: ['pause', 'last', '--reason', 'the network is down'] },
    { words: ['approve', 'last', '--detach'] },
    { words: ['resume', 'last'] },
  ),
  'approval, rolled back and asked again': example(
    'approval',
    { version: '1.5' },
    WAITS,
    { words: ['approve', 'last'] },
    { words: ['rollback', 'last', '--to', '6'], exit: WAITS },
    { words: ['approve', 'last'] },
  ),
  'approval, restored from a backup and granted there': example(
    'approval',
    { version: '1.6' },
    WAITS,
    { words: ['backup', 'copy', '--with-key'] },
    { words: ['restore', 'copy', '--to', '../restored'], store: 'restored' },
    { words: ['approve', 'last'], store: 'restored' },
  ),
  'an approval, granted on another workflow': {
    project: {
      written: {
        'flow.yaml': `name: release\nnodes:\n  - { id: ask, approval: { message: Release? } }\n`,
        'next.yaml': `name: release\nnodes:\n  - { id: ask, approval: { message: Release? } }\n  - { id: rest, needs: [ask], sleep: 10ms }\n`,
      },
    },
    steps: [
      { ...begin, exit: WAITS },
      { words: ['migrate', 'last', '--to', 'next.yaml', '--detach'] },
      { words: ['approve', 'last'] },
    ],
  },
  'a shell command fails for good': flow(`name: failing\nnodes:${shellNode('only', 'exit 3')}${ENDS_FAILED}`, {
    ...begin,
    exit: FAILS,
  }),
  'a branch is skipped': flow(
    `name: skipping\nnodes:${shellNode('first', 'echo 1')}${shellNode('second', 'echo 2')}
    needs: [first]
    when: 'false'${shellNode('third', 'echo 3')}
    needs: [second]\n`,
    begin,
  ),
  'a node runs out of time': flow(`name: slow\nnodes:${shellNode('slow', 'sleep 20')}\n    timeout: 1s\n`, {
    ...begin,
    exit: FAILS,
  }),
  'the budget is too small': flow(
    `name: poor\nbudget: { calls: 1 }\nnodes:${shellNode('first', 'echo 1')}${shellNode('second', 'echo 2')}
    needs: [first]\n`,
    { ...begin, exit: FAILS },
  ),
  'a sleep': flow(`name: sleeping\nnodes:\n  - { id: nap, sleep: 10ms }\n`, begin),
  'a repair, applied': repair('schedule-js', { words: ['fix'] }, { words: ['fix', '--apply'] }),
  'a repair in a monorepo': repair('monorepo', { words: ['fix'] }),
  'a repair that is not found': repair('schedule-js', {
    words: ['fix', '--max-candidates', '1', '--new'],
    exit: FAILS,
  }),
  'a run whose payloads are purged': example('diamond', { text: 'private' }, 0, {
    words: ['purge', 'last', '--reason', 'asked for by its owner'],
  }),
};
