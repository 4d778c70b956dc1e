import { describe, expect, test } from 'vitest';
import { aWorkflow, RunStory } from '../../test/builders.ts';
import { refusePinned } from './pinned.ts';

const here = (agents: Readonly<Record<string, string>>) => ({ worker: 'digest', other: 'pinned-other', ...agents });

/** A story whose manifest pins `other`, too. */
function told(nodes: Parameters<typeof aWorkflow>[0], rest: Parameters<typeof aWorkflow>[1] = {}): RunStory {
  return new RunStory(aWorkflow(nodes, rest), {}, undefined, { agents: { worker: 'digest', other: 'pinned-other' } });
}

describe('a run goes on with the agents that it is pinned to', () => {
  test('the refusal names each agent that is still needed, with both digests', () => {
    const { state } = told([{ id: 'a' }, { id: 'b', agent: 'other', needs: ['a'] }]);
    expect(refusePinned(state, here({}))).toBeUndefined();
    expect(refusePinned(state, here({ other: '0123456789abcdef' }))).toEqual({
      reason: 'unavailable/other_version',
      detail: 'other is pinned to pinned-other, here it is 0123456789ab',
    });
    expect(refusePinned(state, { other: 'pinned-other' })?.detail).toBe(
      'worker is pinned to digest, there is none here',
    );
  });

  test.each<[string, RunStory, isNeeded: boolean]>([
    ['a node that is done', after(told([{ id: 'a', agent: 'other' }, { id: 'b' }]), 'a'), false],
    ['a node that has not begun', after(told([{ id: 'a' }, { id: 'b', agent: 'other', needs: ['a'] }]), 'a'), true],
    [
      'a node that a loop may lead back to',
      after(
        told([
          { id: 'a', agent: 'other', maxVisits: 2 },
          { id: 'b', needs: ['a'], routes: [{ on: 'x', to: 'a' }] },
        ]),
        'a',
      ),
      true,
    ],
    [
      'a loop that is over',
      after(
        told([
          { id: 'a', agent: 'other', maxVisits: 2 },
          { id: 'b', needs: ['a'], routes: [{ on: 'x', to: 'a' }] },
          { id: 'c', needs: ['b'] },
        ]),
        'a',
        'b',
      ),
      false,
    ],
    [
      'what would undo a node that is done',
      after(
        told([
          { id: 'a', compensate: { agent: 'other' } },
          { id: 'b', needs: ['a'] },
        ]),
        'a',
      ),
      true,
    ],
    ['a finally node', told([{ id: 'a' }], { finally: [{ id: 'z', agent: 'other' }] }), true],
    ['tasks that a node may propose', told([{ id: 'a' }], { taskAgents: ['other'] }), true],
    [
      'a child run that has not begun',
      told([{ id: 'a', agent: undefined, subrun: { workflow: 'below' } }], {
        workflows: { below: { nodes: [{ id: 'x', agent: 'other' }] } },
      }),
      true,
    ],
    ['a run that is being cancelled', cancelled(told([{ id: 'a' }, { id: 'b', agent: 'other', needs: ['a'] }])), false],
    ['a run that has ended', after(told([{ id: 'a', agent: 'other' }]), 'a'), false],
  ])('%s', (_, story, isNeeded) => {
    expect(refusePinned(story.state, here({ other: 'changed' })) !== undefined).toBe(isNeeded);
  });

  test('a behaviour flag that this version does not know comes first, also after the end', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]), {}, undefined, { flags: [1, 900, 77] });
    const refusal = { reason: 'unavailable/newer_run', detail: 'behaviour flags 77, 900' };
    expect(refusePinned(story.state, {})).toEqual(refusal);
    story.complete('a');
    expect(refusePinned(story.state, here({}))).toEqual(refusal);
  });
});

function after(story: RunStory, ...done: readonly string[]): RunStory {
  for (const id of done) story.complete(id);
  return story;
}

function cancelled(story: RunStory): RunStory {
  story.cancel();
  return story;
}
