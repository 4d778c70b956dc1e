import { knownFlags } from './behaviour-flags.ts';
import type { Manifest, Workflow } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { aWorkflow, inShort, RunStory, throughSnapshot } from '../../test/builders.ts';
import { admit } from './admit.ts';
import { migrationChanges } from './migrate.ts';
import { verifyReplay } from './verify-replay.ts';

type Nodes = Parameters<typeof aWorkflow>[0];
type Rest = Parameters<typeof aWorkflow>[1];

const manifest: Manifest = { workflow: 'another', agents: { worker: 'digest', other: 'o' }, flags: [...knownFlags] };
const question = { agent: undefined, approval: { message: 'on?' } };
/** Done, asked, and to come. */
const nodes: Nodes = [
  { id: 'a', input: { n: 1 } },
  { id: 'b', ...question, needs: ['a'] },
  { id: 'c', needs: ['b'] },
];

function asking(rest: Rest = {}): RunStory {
  const story = new RunStory(aWorkflow(nodes, rest));
  story.complete('a');
  return story;
}

function wish(story: RunStory, workflow: Workflow, pinned: Partial<Manifest> = {}) {
  return admit(story.state, { type: 'migrate', by: 'ann', workflow, manifest: { ...manifest, ...pinned } }, 'wish-1');
}

/** The story goes on with the workflow; gives what follows. */
function move(story: RunStory, workflow: Workflow): readonly string[] {
  const admission = wish(story, workflow);
  if (admission.kind === 'refused') throw new Error(admission.detail);
  return inShort(story.tell(admission.fact));
}

describe('a run goes on with another workflow', () => {
  test('what has begun stays as it is; nodes that have not may be changed, added and removed', () => {
    const story = asking();
    const [a = { id: '' }, b = { id: '' }] = nodes;
    const next = aWorkflow([
      { id: 'first' },
      a,
      b,
      { id: 'c', agent: 'other', input: { from: '{{a.output.x}}' }, needs: ['b', 'first'] },
      { id: 'd', needs: ['c'] },
    ]);
    expect(migrationChanges(story.state, { workflow: next, manifest })).toEqual({
      added: ['first', 'd'],
      removed: [],
      changed: ['c'],
    });
    expect(move(story, next)).toEqual(['attempt.scheduled first', 'run.resumed']);
    expect(story.state.manifest).toEqual(manifest);
    expect(throughSnapshot(story.state)).toEqual(story.state);
    story.complete('first');
    story.tell({ type: 'approval.granted', approval: 'b#1', by: 'ann' });
    expect(story.node('c').status).toBe('failed'); // its template asks for what a did not give
    expect(verifyReplay(story.events)).toEqual([]);
  });

  test('a run that is left without anything to do is done at once, though it was paused', () => {
    const story = paused(new RunStory(aWorkflow([{ id: 'a' }, { id: 'x', needs: ['a'] }])));
    story.complete('a');
    expect(story.state.status).toBe('paused');
    expect(move(story, aWorkflow([{ id: 'a' }]))).toEqual(['run.succeeded']);
    expect(verifyReplay(story.events)).toEqual([]);
  });

  test('children stand behind their node, and go on', () => {
    const mapped = { id: 'm', map: { over: [1, 2] } };
    const story = new RunStory(aWorkflow([mapped, { id: 'z', needs: ['m'] }]));
    move(story, aWorkflow([{ id: 'y', needs: ['m'] }, { id: 'early' }, mapped]));
    expect(story.state.paths).toEqual(['early', 'm', 'm[0]', 'm[1]', 'y']);
    for (const id of ['m[1]', 'early', 'm[0]', 'y']) story.complete(id);
    expect(story.state.status).toBe('succeeded');
    expect(verifyReplay(story.events)).toEqual([]);
  });

  test('an attempt that has asked for nothing begins as well with another agent', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    expect(wish(story, aWorkflow([{ id: 'a' }]), { agents: { worker: 'changed' } }).kind).toBe('admitted');
  });

  test('limits are those of the new workflow, with what was granted; the deadline counts from the same start', () => {
    const story = new RunStory(aWorkflow([{ id: 'a', maxAttempts: 1 }], { budget: { calls: 1 }, timeout: '1h' }));
    story.fail('a');
    story.wait(1_000).tell({ type: 'retry.requested', by: 'ann', grant: { calls: 2 } });
    const { deadlineTs = 0 } = story.state;
    move(story, aWorkflow([{ id: 'a', maxAttempts: 1 }], { budget: { calls: 10 }, timeout: '2h' }));
    expect(story.state.budget.limit).toEqual({ calls: 12 });
    expect(story.state.deadlineTs).toBe(deadlineTs + 3_600_000);
  });

  test('a node that starts over after a retry may be changed, but keeps its visits', () => {
    const story = new RunStory(
      aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'], maxAttempts: 1 }, { id: 'c', needs: ['b'] }]),
    );
    story.complete('a');
    story.fail('b');
    story.tell({ type: 'retry.requested', by: 'ann' });
    const [changed, gone] = [
      aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'], maxAttempts: 1 }, { id: 'c', agent: 'other', needs: ['b'] }]),
      aWorkflow([{ id: 'a' }]),
    ];
    expect(wish(story, gone)).toMatchObject({ detail: expect.stringContaining('b has begun, and is gone') as string });
    move(story, changed);
    expect(story.node('b').visit).toBe(2);
  });
});

describe('every obstacle is named, and nothing follows from the wish', () => {
  const plus = (change: Nodes[number], rest: Rest = {}): Workflow =>
    aWorkflow(
      nodes.map((node) => (node.id === change.id ? { ...node, ...change } : node)),
      rest,
    );

  test.each<[string, RunStory, Workflow, Partial<Manifest>, string]>([
    [
      'a node that has ended',
      asking(),
      plus({ id: 'a', input: { n: 2 }, timeout: '1m' }),
      {},
      'a has ended (succeeded), and its input, timeout changed',
    ],
    [
      'its needs',
      paused(asking()),
      plus({ id: 'b', needs: [] }),
      {},
      'b waits for its approval, and its needs changed',
    ],
    ['its agent', asking(), plus({ id: 'a', agent: 'other' }), {}, 'a has ended (succeeded), and its agent changed'],
    [
      'its kind',
      asking(),
      aWorkflow(
        nodes.map((node) => (node.id === 'b' ? { id: 'b', agent: undefined, sleep: '1h', needs: ['a'] } : node)),
      ),
      {},
      'b waits for its approval, and its approval, sleep changed',
    ],
    [
      'a node that is gone',
      asking(),
      aWorkflow([{ id: 'b', ...question }]),
      {},
      'a has ended (succeeded), and is gone; b waits for its approval, and its needs changed',
    ],
    [
      'an attempt that has acted',
      acted(),
      aWorkflow([{ id: 'a' }, { id: 'n' }]),
      {},
      'a is at work; pause the run and let it end first',
    ],
    [
      'a parked call',
      parked(),
      aWorkflow([{ id: 'a' }, { id: 'n' }]),
      {},
      'a is parked: nobody knows whether the call a#1/call#1 happened',
    ],
    [
      'a child run',
      subrun(),
      aWorkflow([{ id: 's', agent: undefined, subrun: { workflow: 'below' } }, { id: 'n' }], below),
      {},
      'waits for its child run',
    ],
    [
      'a call that is asked for, of a changed agent',
      held(),
      aWorkflow([{ id: 'a' }]),
      { agents: { worker: 'newer' } },
      'a has made calls, and worker is pinned to digest, here it is newer',
    ],
    [
      'a budget',
      spent(),
      aWorkflow([{ id: 'a' }, { id: 'b', ...question }], { budget: { calls: 2 } }),
      {},
      'its budget of 2 calls is below the 3 in use',
    ],
    [
      'too many nodes',
      asking(),
      plus({ id: 'c', priority: 1 }, { maxNodes: 2 }),
      {},
      'it has 3 nodes, and maxNodes is 2',
    ],
    [
      'a new route',
      asking(),
      aWorkflow([...nodes, { id: 'd', routes: [{ on: 'x', to: 'b' }] }]),
      {},
      'b waits for its approval, and a new route leads to it from d',
    ],
    [
      'a new loop',
      asking(),
      aWorkflow([...nodes, { id: 'd', needs: ['a'], routes: [{ on: 'x', to: 'a' }] }]),
      {},
      'b waits for its approval, and a new loop of d comes before it',
    ],
    [
      'a head without visits left',
      turned(),
      aWorkflow([...loop, { id: 'd', needs: ['b'], routes: [{ on: 'x', to: 'b' }] }]),
      {},
      'b has had 2 visits, and may have 1 where a loop begins with it',
    ],
    ['a circle', asking(), plus({ id: 'c', needs: ['c'] }), {}, 'The nodes need each other in a circle: c -> c'],
    [
      'nothing new',
      asking(),
      aWorkflow(nodes),
      { workflow: 'digest', agents: { worker: 'digest' } },
      'it stands on this workflow and these agents already',
    ],
  ])('%s', (_, story, workflow, pinned, detail) => {
    const before = story.state;
    expect(wish(story, workflow, pinned)).toMatchObject({
      kind: 'refused',
      reason: 'invalid_argument/migration',
      detail: expect.stringContaining(detail) as string,
    });
    expect(story.state).toBe(before);
  });

  test('a timeout that is over already', () => {
    const story = asking().wait(60_000);
    story.claim();
    const refused = wish(story, plus({ id: 'c' }, { timeout: '1s' }));
    expect(refused).toMatchObject({ detail: 'its timeout is over already' });
  });

  test('a run that ends, or has ended, stays what it is', () => {
    const ending = new RunStory(aWorkflow([{ id: 'a' }], { finally: [{ id: 'z', agent: 'worker' }] }));
    ending.complete('a');
    expect(wish(ending, aWorkflow([{ id: 'a' }]))).toMatchObject({ reason: 'invalid_argument/run_ending' });
    ending.complete('z');
    expect(wish(ending, aWorkflow([{ id: 'a' }]))).toMatchObject({ reason: 'invalid_argument/run_ended' });
  });
});

const below: Rest = { workflows: { below: { nodes: [{ id: 'x', agent: 'worker' }] } } };

const loop: Nodes = [
  { id: 'a', maxVisits: 2 },
  { id: 'b', needs: ['a'], routes: [{ on: 'again', to: 'a' }] },
];

/** Its loop is in its second turn. */
function turned(): RunStory {
  const story = new RunStory(aWorkflow(loop));
  story.complete('a');
  story.complete('b', 'again');
  story.complete('a');
  return story;
}

function paused(story: RunStory): RunStory {
  story.tell({ type: 'pause.requested', by: 'ann', reason: 'a change' });
  return story;
}

function acted(): RunStory {
  const story = new RunStory(aWorkflow([{ id: 'a' }]));
  story.effect('a');
  return story;
}

function parked(): RunStory {
  const story = acted();
  story.claim();
  story.effect('a');
  return story;
}

function held(): RunStory {
  const story = new RunStory(aWorkflow([{ id: 'a' }]));
  story.effect('a');
  story.record('a');
  story.effect('a', { name: 'second', gate: { verdict: 'ask', rule: 'r', policyDigest: 'p' } });
  return story;
}

function subrun(): RunStory {
  return new RunStory(aWorkflow([{ id: 's', agent: undefined, subrun: { workflow: 'below' } }], below));
}

function spent(): RunStory {
  const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b', ...question }], { budget: { calls: 5 } }));
  story.effect('a', { reserved: { calls: 3 } });
  story.record('a', { calls: 3 });
  story.complete('a');
  return story;
}
