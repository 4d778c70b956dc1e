import type { GateVerdict } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { aWorkflow, inShort, RunStory } from '../../test/builders.ts';
import { admitEffect } from './admit-effect.ts';
import { admit } from './admit.ts';
import { carryOf } from './carry.ts';

const ask: GateVerdict = { verdict: 'ask', rule: 'mail needs a yes', policyDigest: 'p' };
const by = 'ann';

/** The node asks for a call that a person has to allow. */
function hold(story: RunStory, node: string): string {
  const request = { ...story.request(node), gate: ask };
  const admission = admitEffect(story.state, request);
  if (admission.kind === 'held') story.tell(admission.fact);
  return request.key;
}

describe('what a run does after it has settled on its ending', () => {
  const swept = aWorkflow([{ id: 'a' }], { finally: [{ id: 'sweep', agent: 'worker' }] });

  test('waits for the yes that a finally node needs, and ends after it', () => {
    const story = new RunStory(swept);
    story.fail('a');
    const approval = hold(story, 'sweep');
    expect(story.state).toMatchObject({
      status: 'paused',
      waitingFor: [{ kind: 'approval', node: 'sweep', approval }],
    });
    story.tell({ type: 'approval.granted', approval, by });
    expect(story.node('sweep')).toMatchObject({ status: 'scheduled', incarnation: 2 });
    story.complete('sweep');
    expect(story.state.status).toBe('failed');
  });

  test('waits for a person where a call of a finally node is parked', () => {
    const story = new RunStory(swept);
    story.complete('a');
    story.effect('sweep');
    story.claim();
    expect(story.effect('sweep')).toMatchObject({ kind: 'parked' });
    expect(story.state).toMatchObject({ status: 'paused', waitingFor: [{ kind: 'parked_effect', node: 'sweep' }] });
  });

  test('undoes nothing else while one compensation waits', () => {
    const undone = { compensate: { agent: 'worker' } };
    const story = new RunStory(
      aWorkflow([
        { id: 'a', ...undone },
        { id: 'b', needs: ['a'], ...undone },
        { id: 'c', needs: ['b'] },
      ]),
    );
    for (const node of ['a', 'b']) story.complete(node);
    story.fail('c');
    hold(story, 'b.undo');
    expect(story.state.status).toBe('paused');
    expect(story.statuses()).not.toHaveProperty('a.undo');
  });

  test('is no place to begin in: a yes that comes while work is stopping starts nothing', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'guarded', approval: { message: 'may it?' } }]));
    story.cancel();
    const decisions = story.tell({ type: 'approval.granted', approval: 'guarded#1', by });
    expect(inShort(decisions)).toEqual(['node.cancelled guarded']);
    story.stopped('a');
    expect(story.state.status).toBe('cancelled');
  });

  test('keeps a rollback away while it works', () => {
    const story = new RunStory(swept);
    story.complete('a');
    const rollback = { type: 'rollback', by, toSeq: 1, carry: carryOf(story.state) } as const;
    expect(admit(story.state, rollback)).toMatchObject({ kind: 'refused', reason: 'invalid_argument/run_busy' });
  });
});

test('a rollback charges the calls that have no record yet, so that nothing stays reserved', () => {
  const story = new RunStory(aWorkflow([{ id: 'a' }], { budget: { calls: 9 } }));
  const carry = carryOf(story.state);
  story.effect('a', { name: 'under way', reserved: { calls: 2 } });
  hold(story, 'a');
  expect(story.state.budget).toMatchObject({ reserved: { calls: 2 } });
  story.tell({ type: 'rollback.requested', by, toSeq: 1, carry });
  expect(story.state.budget).toMatchObject({ reserved: { calls: 0 }, spent: { calls: 2 } });
});

test('a route back to a node that was skipped leads to it, and its visits are bounded', () => {
  const story = new RunStory(
    aWorkflow([
      { id: 'try', onFailure: { to: 'mend' } },
      { id: 'mend', maxVisits: 2 },
      { id: 'check', needs: ['mend?'], routes: [{ on: 'success', to: 'mend' }] },
    ]),
  );
  story.complete('try');
  expect(story.statuses()).toMatchObject({ mend: 'skipped', check: 'scheduled' });
  for (const visit of [1, 2]) {
    story.complete('check');
    expect(story.node('mend')).toMatchObject({ status: 'scheduled', visit });
    story.complete('mend');
  }
  story.complete('check');
  expect(story.state).toMatchObject({ status: 'failed', failure: { reason: 'resource_exhausted/visits' } });
});
