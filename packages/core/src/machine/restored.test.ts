import { expect, test } from 'vitest';
import { aWorkflow, RunStory, throughSnapshot } from '../../test/builders.ts';
import { verifyReplay } from './verify-replay.ts';

const BACKUP = { backup: 'b1', backupTs: 1_000 };

function restored(story: RunStory, isOriginalStopped = false): RunStory {
  story.tell({ type: 'run.restored', by: 'ann', ...BACKUP, isOriginalStopped });
  story.claim();
  return story;
}

const inFlight = (): RunStory => new RunStory(aWorkflow([{ id: 'deploy' }, { id: 'tell', needs: ['deploy'] }]));

test('L6: a call of which the backup knows nothing is parked, and the pause says why', () => {
  const story = restored(inFlight());
  expect(story.effect('deploy')).toMatchObject({ kind: 'parked', fact: { restored: { argumentsDigest: 'd1' } } });
  expect(story.state.status).toBe('paused');
  expect(story.state.waitingFor).toEqual([
    { kind: 'parked_effect', node: 'deploy', key: story.node('deploy').parkedKey, because: 'restored' },
  ]);
});

test('L6: so is one of a node that had not begun at the backup: the original may have come there', () => {
  const story = restored(inFlight());
  story.complete('deploy');
  expect(story.effect('tell').kind).toBe('parked');
});

test('L6: a person lets it through, once', () => {
  const story = restored(inFlight());
  story.effect('deploy');
  story.resolve(story.node('deploy').parkedKey ?? '', 'retry');
  expect(story.effect('deploy')).toMatchObject({ kind: 'run', fact: { execution: 1 } });
  expect(verifyReplay(story.events)).toEqual([]);
});

test('L6: or says that it counts as failed', () => {
  const story = restored(inFlight());
  story.effect('deploy');
  story.resolve(story.node('deploy').parkedKey ?? '', 'fail');
  expect(story.effect('deploy')).toMatchObject({ kind: 'answered', outcome: { kind: 'error' } });
});

test('L6: what was said before the backup is in doubt again', () => {
  const story = inFlight();
  story.effect('deploy');
  story.claim();
  story.effect('deploy');
  story.resolve(story.node('deploy').parkedKey ?? '', 'retry');
  restored(story);
  expect(story.effect('deploy').kind).toBe('parked');
});

test('a recorded call answers, repeatable and keyed calls run: they are not in doubt', () => {
  const story = inFlight();
  story.effect('deploy');
  story.record('deploy');
  restored(story);
  expect(story.effect('deploy').kind).toBe('answered');
  expect(story.effect('deploy', { name: 'read', policy: 'repeatable' }).kind).toBe('run');
  expect(story.effect('deploy', { name: 'pay', policy: 'keyed' }).kind).toBe('run');
});

test('an original that has stopped leaves nothing in doubt but the intents without a record', () => {
  const story = inFlight();
  story.effect('deploy');
  restored(story, true);
  expect(story.effect('deploy')).toMatchObject({ kind: 'parked' });
  expect(story.effect('deploy', { name: 'other' }).kind).toBe('stale');
  story.resolve(story.node('deploy').parkedKey ?? '', 'retry');
  expect(story.effect('deploy', { name: 'other' }).kind).toBe('run');
});

test('the state of a restored run goes through a snapshot', () => {
  const story = restored(inFlight());
  story.effect('deploy');
  expect(throughSnapshot(story.state).restored).toEqual(BACKUP);
  expect(throughSnapshot(story.state)).toEqual(story.state);
});
