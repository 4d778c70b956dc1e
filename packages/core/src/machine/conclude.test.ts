import { failure } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, inShort, RunStory, START_TS } from '../../test/builders.ts';
import { pending } from './pending.ts';

const to = (...targets: readonly string[]) => targets.map((target) => ({ on: target, to: target }));

describe('starts', () => {
  test('a diamond runs its branches side by side and joins them once', () => {
    const story = new RunStory(
      aWorkflow([
        { id: 'top' },
        { id: 'left', needs: ['top'] },
        { id: 'right', needs: ['top'] },
        { id: 'join', needs: ['left', 'right'] },
      ]),
    );
    expect(inShort(story.events.map(({ payload }) => payload))).toEqual(['run.created', 'attempt.scheduled top']);
    expect(inShort(story.complete('top'))).toEqual([
      'node.succeeded top',
      'attempt.scheduled left',
      'attempt.scheduled right',
    ]);
    expect(inShort(story.complete('right'))).toEqual(['node.succeeded right']);
    expect(inShort(story.complete('left'))).toEqual(['node.succeeded left', 'attempt.scheduled join']);
    expect(inShort(story.complete('join'))).toEqual(['node.succeeded join', 'run.succeeded']);
    expect(story.state.status).toBe('succeeded');
  });

  test('a signal chooses the branch, and what no route led to is skipped with all that needs it', () => {
    verifies('V-39');
    const story = new RunStory(
      aWorkflow([
        { id: 'check', routes: to('good', 'bad') },
        { id: 'good' },
        { id: 'bad' },
        { id: 'mourn', needs: ['bad'] },
      ]),
    );
    expect(inShort(story.complete('check', 'good'))).toEqual([
      'node.succeeded check',
      'route.taken check -> good',
      'attempt.scheduled good',
      'node.skipped bad',
      'node.skipped mourn',
    ]);
    expect(inShort(story.complete('good'))).toEqual(['node.succeeded good', 'run.succeeded']);
  });

  test('the route on * is taken only when no route is on the signal itself', () => {
    const nodes = [
      {
        id: 'check',
        routes: [
          { on: '*', to: 'other' },
          { on: 'good', to: 'named' },
        ],
      },
      { id: 'other' },
      { id: 'named' },
    ];
    expect(inShort(new RunStory(aWorkflow(nodes)).complete('check', 'good'))).toContain('route.taken check -> named');
    expect(inShort(new RunStory(aWorkflow(nodes)).complete('check', 'else'))).toContain('route.taken check -> other');
  });

  test('a signal without a route leads nowhere', () => {
    const story = new RunStory(aWorkflow([{ id: 'check', routes: to('good') }, { id: 'good' }]));
    expect(inShort(story.complete('check', 'unheard'))).toEqual([
      'node.succeeded check',
      'node.skipped good',
      'run.succeeded',
    ]);
  });

  test('a node that is routed to still waits for all that it needs', () => {
    const nodes = [{ id: 'check', routes: to('target') }, { id: 'slow' }, { id: 'target', needs: ['slow'] }];
    const story = new RunStory(aWorkflow(nodes));
    expect(inShort(story.complete('check', 'target'))).toEqual(['node.succeeded check', 'route.taken check -> target']);
    expect(inShort(story.complete('slow'))).toEqual(['node.succeeded slow', 'attempt.scheduled target']);
  });

  test('a node that two routes lead to starts with the first and runs once', () => {
    const nodes = [{ id: 'a', routes: to('x') }, { id: 'b', routes: to('x') }, { id: 'x' }];
    const story = new RunStory(aWorkflow(nodes));
    expect(inShort(story.complete('a', 'x'))).toContain('attempt.scheduled x');
    expect(inShort(story.complete('b', 'x'))).toEqual(['node.succeeded b', 'route.taken b -> x']);
    expect(inShort(story.complete('x'))).toEqual(['node.succeeded x', 'run.succeeded']);
  });

  test('a template that refers to nothing fails the node before an attempt', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'], input: { x: '{{a.output.none}}' } }]));
    story.complete('a');
    expect(story.state).toMatchObject({
      status: 'failed',
      failure: { reason: 'invalid_argument/template', where: 'nodes.b.input' },
    });
    expect(story.node('b').attempt).toBe(0);
  });
});

describe('ends that a route leads to', () => {
  test('a route to a good end stops what still runs before the run succeeds', () => {
    const nodes = [
      { id: 'a', routes: [{ on: 'done', end: 'succeeded' as const }] },
      { id: 'b' },
      { id: 'c', needs: ['b'] },
    ];
    const story = new RunStory(aWorkflow(nodes));
    expect(inShort(story.complete('a', 'done'))).toEqual(['node.succeeded a', 'attempt.stopping b']);
    expect(inShort(story.stopped('b'))).toEqual(['node.cancelled b', 'node.skipped c', 'run.succeeded']);
    expect(story.events.at(-1)?.payload).toEqual({ type: 'run.succeeded', by: 'a' });
  });

  test('nothing starts while a run that is ending waits for its stops', () => {
    const nodes = [
      { id: 'a', routes: [{ on: 'done', end: 'succeeded' as const }] },
      { id: 'slow' },
      { id: 'after', needs: ['a'] },
    ];
    const story = new RunStory(aWorkflow(nodes));
    expect(inShort(story.complete('a', 'done'))).toEqual(['node.succeeded a', 'attempt.stopping slow']);
    expect(story.node('after').attempt).toBe(0);
  });

  test('a result that comes when the deadline of the run has passed starts nothing', () => {
    const nodes = [{ id: 'a' }, { id: 'slow' }, { id: 'after', needs: ['a'] }];
    const story = new RunStory(aWorkflow(nodes, { timeout: '10s' })).wait(10_000);
    expect(inShort(story.complete('a'))).toEqual(['node.succeeded a', 'attempt.stopping slow']);
    expect(inShort(story.stopped('slow'))).toEqual(['node.cancelled slow', 'node.skipped after', 'run.failed']);
  });

  test('a route to a bad end fails the run with the reason that it names', () => {
    const nodes = [{ id: 'a', routes: [{ on: 'red', end: 'failed' as const, reason: 'test_failed/tests' as const }] }];
    const story = new RunStory(aWorkflow(nodes));
    story.complete('a', 'red');
    expect(story.state.failure).toEqual(failure('test_failed/tests', { detail: 'a ended with red', where: 'a' }));
  });

  test('a route to a bad end without a reason is a failure of the agent for good', () => {
    const story = new RunStory(aWorkflow([{ id: 'a', routes: [{ on: 'red', end: 'failed' }] }]));
    story.complete('a', 'red');
    expect(story.state.failure?.reason).toBe('fatal/agent');
  });
});

describe('loops', () => {
  const repair = (maxVisits: number) =>
    aWorkflow([
      { id: 'test', maxVisits, routes: [{ on: 'red', to: 'debug' }] },
      { id: 'debug' },
      { id: 'edit', needs: ['debug'], routes: [{ on: '*', to: 'test' }] },
      { id: 'report', needs: ['test'] },
    ]);

  test('a route back restarts the whole region as a unit', () => {
    const story = new RunStory(repair(3));
    story.complete('test', 'red');
    story.complete('debug');
    expect(inShort(story.complete('edit'))).toEqual([
      'node.succeeded edit',
      'route.taken edit -> test',
      'attempt.scheduled test',
    ]);
    expect(story.statuses()).toEqual({ test: 'scheduled', debug: 'waiting', edit: 'waiting', report: 'waiting' });
    expect(story.node('test').visit).toBe(2);
  });

  test('a node that was routed to in one visit waits for its route in the next', () => {
    const story = new RunStory(repair(3));
    story.complete('test', 'red');
    story.complete('debug');
    story.complete('edit');
    expect(story.node('debug').status).toBe('waiting');
    expect(inShort(story.complete('test', 'green'))).toEqual([
      'node.succeeded test',
      'node.skipped debug',
      'node.skipped edit',
      'attempt.scheduled report',
    ]);
  });

  test('a node after a loop waits until the loop can take no other turn', () => {
    const story = new RunStory(repair(2));
    expect(inShort(story.complete('test', 'red'))).not.toContain('attempt.scheduled report');
    story.complete('debug');
    story.complete('edit');
    expect(inShort(story.complete('test', 'green'))).toContain('attempt.scheduled report');
    expect(inShort(story.complete('report'))).toEqual(['node.succeeded report', 'run.succeeded']);
  });

  test('only the head of a loop spends visits: what lies within it needs no maxVisits of its own', () => {
    const story = new RunStory(repair(3));
    for (const _ of [1, 2]) {
      story.complete('test', 'red');
      story.complete('debug');
      story.complete('edit');
    }
    story.complete('test', 'red');
    expect(story.node('debug')).toMatchObject({ status: 'scheduled', visit: 3 });
  });

  test('a route back without visits left fails the run, naming both nodes', () => {
    verifies('V-39');
    const story = new RunStory(repair(1));
    story.complete('test', 'red');
    story.complete('debug');
    story.complete('edit');
    expect(story.state.failure).toEqual(
      failure('resource_exhausted/visits', {
        detail: 'test has had 1 of 1 visits; edit routes back to it on *',
        where: 'edit',
      }),
    );
  });

  test('the head of an inner loop spends its visits over all turns of the outer loop', () => {
    const story = new RunStory(
      aWorkflow([
        { id: 'outer', maxVisits: 9 },
        { id: 'inner', needs: ['outer'], maxVisits: 2, routes: [{ on: 'again', to: 'inner' }] },
        { id: 'latch', needs: ['inner'], routes: [{ on: '*', to: 'outer' }] },
      ]),
    );
    story.complete('outer');
    story.complete('inner', 'again');
    story.complete('inner');
    story.complete('latch');
    expect(inShort(story.complete('outer'))).toEqual([
      'node.succeeded outer',
      'node.failed inner',
      'node.skipped latch',
      'run.failed',
    ]);
    expect(story.state.failure?.reason).toBe('resource_exhausted/visits');
  });

  test('either latch of a loop leads to a visit in which every branch is open again', () => {
    const nodes = [
      { id: 'head', maxVisits: 3, routes: to('left', 'right') },
      { id: 'left', routes: to('head') },
      { id: 'right', routes: to('head') },
    ];
    const story = new RunStory(aWorkflow(nodes));
    expect(inShort(story.complete('head', 'left'))).toContain('attempt.scheduled left');
    expect(inShort(story.complete('left', 'head'))).toContain('attempt.scheduled head');
    expect(inShort(story.complete('head', 'right'))).toContain('attempt.scheduled right');
    expect(inShort(story.complete('right', 'done'))).toEqual(['node.succeeded right', 'run.succeeded']);
  });

  test('a loop starts over only when nothing of it is in flight', () => {
    const nodes = [
      { id: 'head', maxVisits: 2 },
      { id: 'fast', needs: ['head'], routes: to('latch') },
      { id: 'slow', needs: ['head'], routes: to('latch') },
      { id: 'latch', routes: to('head') },
    ];
    const story = new RunStory(aWorkflow(nodes));
    story.complete('head');
    story.complete('fast', 'latch');
    expect(inShort(story.complete('latch', 'head'))).toEqual(['node.succeeded latch']);
    expect(story.node('slow').status).toBe('scheduled');
    expect(inShort(story.complete('slow', 'latch'))).toEqual([
      'node.succeeded slow',
      'route.taken slow -> latch',
      'route.taken latch -> head',
      'attempt.scheduled head',
    ]);
  });

  test('nothing of a loop starts when it is about to start over', () => {
    const nodes = [
      { id: 'head', maxVisits: 2 },
      { id: 'latch', needs: ['head'], routes: to('head') },
      { id: 'slow', needs: ['head'], routes: to('head') },
      { id: 'gate' },
      { id: 'tail', needs: ['latch', 'gate'], routes: to('head') },
      { id: 'after', needs: ['latch'] },
    ];
    const story = new RunStory(aWorkflow(nodes));
    story.complete('head');
    story.complete('latch', 'head');
    expect(inShort(story.complete('gate'))).toEqual(['node.succeeded gate']);
    expect(inShort(story.complete('slow'))).toEqual([
      'node.succeeded slow',
      'route.taken latch -> head',
      'attempt.scheduled head',
    ]);
  });

  test('a loop with a parked node waits for the person', () => {
    const nodes = [
      { id: 'head', maxVisits: 2 },
      { id: 'latch', needs: ['head'], routes: to('head') },
      { id: 'asks', needs: ['head'], routes: to('head') },
    ];
    const story = new RunStory(aWorkflow(nodes));
    story.complete('head');
    story.effect('asks');
    story.claim();
    story.effect('asks');
    expect(inShort(story.complete('latch', 'head'))).toEqual(['node.succeeded latch', 'run.paused']);
    expect(inShort(story.resolve('asks#1/call#1', 'fail'))).toEqual(['run.resumed']);
    expect(inShort(story.complete('asks'))).toEqual([
      'node.succeeded asks',
      'route.taken latch -> head',
      'attempt.scheduled head',
    ]);
  });
});

describe('retries', () => {
  const one = (rest: { maxAttempts?: number; timeout?: string } = {}) =>
    new RunStory(aWorkflow([{ id: 'a', ...rest }]));

  test('a retryable failure is tried again after 1, 2, 4 ... and at most 60 s', () => {
    verifies('OC-10');
    verifies('OC-7');
    const story = one({ maxAttempts: 9 });
    const waits: number[] = [];
    for (let attempt = 1; attempt < 9; attempt += 1) {
      story.fail('a', 'transient/agent');
      waits.push(story.node('a').dueTs - story.ts);
      story.wait(waits.at(-1) ?? 0);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60].map((seconds) => seconds * 1_000));
    expect(inShort(story.fail('a', 'transient/agent'))).toEqual(['node.failed a', 'run.failed']);
    expect(story.node('a').attempt).toBe(9);
  });

  test('every attempt is recorded with when it was scheduled, when it ended and how', () => {
    verifies('OC-10');
    verifies('OC-3');
    const story = one().wait(5);
    story.fail('a', 'transient/agent');
    story.wait(1_000);
    story.complete('a');
    const told = story.events.flatMap(({ ts, payload }) => {
      if (payload.type === 'attempt.scheduled') return [[payload.attempt, ts - START_TS, 'scheduled']];
      return payload.type === 'attempt.completed' ? [[payload.attempt, ts - START_TS, payload.outcome.kind]] : [];
    });
    expect(told).toEqual([
      [1, 0, 'scheduled'],
      [1, 5, 'error'],
      [2, 5, 'scheduled'],
      [2, 1_005, 'result'],
    ]);
  });

  test.each(['fatal/agent', 'invalid_argument/agent_input', 'deadline_exceeded/node'] as const)(
    '%s is never tried again',
    (reason) => {
      verifies('OC-2');
      verifies('OC-7');
      verifies('OC-10');
      const story = one({ maxAttempts: 5 });
      expect(inShort(story.fail('a', reason))).toEqual(['node.failed a', 'run.failed']);
      expect(story.state.failure?.reason).toBe(reason);
    },
  );

  test('one deadline holds over all attempts of a visit', () => {
    verifies('V-14');
    const story = one({ maxAttempts: 9, timeout: '10s' }).wait(3_000);
    story.fail('a', 'transient/agent');
    expect(story.node('a').deadlineTs).toBe(START_TS + 10_000);
    expect(pending(story.state)).toContainEqual({
      kind: 'timer',
      timer: { kind: 'node_deadline', node: 'a', visit: 1 },
      dueTs: START_TS + 10_000,
    });
  });

  test('no attempt is scheduled at or past the deadline', () => {
    verifies('V-14');
    const story = one({ maxAttempts: 9, timeout: '10s' }).wait(9_000);
    expect(inShort(story.fail('a', 'transient/agent'))).toEqual(['node.failed a', 'run.failed']);
    expect(story.state.failure?.reason).toBe('transient/agent');
  });

  test('an attempt that outlives the deadline is stopped once and not tried again', () => {
    verifies('V-14');
    const story = one({ maxAttempts: 9, timeout: '10s' }).wait(9_999);
    expect(story.nodeDeadline('a')).toEqual([]);
    expect(inShort(story.wait(1).nodeDeadline('a'))).toEqual(['attempt.stopping a']);
    expect(inShort(story.nodeDeadline('a'))).toEqual([]);
    expect(pending(story.state)).toEqual([{ kind: 'stop', ref: { node: 'a', visit: 1, attempt: 1 } }]);
    expect(inShort(story.stopped('a'))).toEqual(['node.failed a', 'run.failed']);
    expect(story.state.failure).toEqual(failure('deadline_exceeded/node', { where: 'a' }));
  });

  test('no successor is scheduled before the attempt is known to have ended', () => {
    const story = one({ maxAttempts: 9 });
    story.wait(100_000).claim();
    expect(story.node('a')).toMatchObject({ attempt: 1, incarnation: 2 });
  });

  test('a visit starts with a deadline of its own', () => {
    const story = new RunStory(
      aWorkflow([{ id: 'a', timeout: '10s', maxVisits: 2, routes: [{ on: 'again', to: 'a' }] }]),
    ).wait(4_000);
    story.complete('a', 'again');
    expect(story.node('a').deadlineTs).toBe(START_TS + 14_000);
  });
});

describe('the end of a run', () => {
  test('the deadline of the run stops what runs, then fails the run', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'] }], { timeout: '1m' })).wait(60_000);
    expect(inShort(story.runDeadline())).toEqual(['attempt.stopping a']);
    expect(inShort(story.stopped('a'))).toEqual(['node.cancelled a', 'node.skipped b', 'run.failed']);
    expect(story.state.failure?.reason).toBe('deadline_exceeded/run');
  });

  test('a failure stops its siblings before the run fails', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b' }, { id: 'c', needs: ['b'] }]));
    expect(inShort(story.fail('a'))).toEqual(['node.failed a', 'attempt.stopping b']);
    expect(story.state.status).toBe('running');
    expect(inShort(story.stopped('b'))).toEqual(['node.cancelled b', 'node.skipped c', 'run.failed']);
    expect(story.events.at(-1)?.payload).toMatchObject({ by: 'a' });
  });

  test('a failure while the run is ending is not tried again', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b' }], { timeout: '1m' })).wait(60_000);
    expect(inShort(story.fail('a', 'transient/agent'))).toEqual(['node.failed a', 'attempt.stopping b']);
  });

  test('a result that comes after the stop was asked for only ends the attempt', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b' }]));
    story.fail('a');
    expect(inShort(story.complete('b'))).toEqual(['node.cancelled b', 'run.failed']);
    expect(story.node('b').result).toBeUndefined();
  });
});

describe('cancel', () => {
  test('an attempt in flight is stopped before the run is cancelled', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b', needs: ['a'] }]));
    expect(inShort(story.cancel())).toEqual(['attempt.stopping a']);
    expect(inShort(story.stopped('a'))).toEqual(['node.cancelled a', 'node.cancelled b', 'run.cancelled']);
    expect(story.events.at(-1)?.payload).toEqual({ type: 'run.cancelled', reason: 'not wanted' });
  });

  test('a second cancel changes nothing', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.cancel();
    expect(story.tell({ type: 'cancel.requested', by: 'bob', reason: 'me too' })).toEqual([]);
    expect(story.state.cancel).toEqual({ by: 'ann', reason: 'not wanted' });
  });

  test('a parked run is cancelled at once', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.effect('a');
    story.claim();
    story.effect('a');
    expect(story.state.status).toBe('paused');
    expect(inShort(story.cancel())).toEqual(['node.cancelled a', 'run.cancelled']);
    expect(story.state.waitingFor).toEqual([]);
  });

  test('an attempt between two tries is stopped, and what waits for its time is not started', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.fail('a', 'transient/agent');
    expect(inShort(story.cancel())).toEqual(['attempt.stopping a']);
    expect(inShort(story.stopped('a'))).toEqual(['node.cancelled a', 'run.cancelled']);
  });

  test('a cancel while an attempt stops for its deadline still cancels the run', () => {
    const story = new RunStory(aWorkflow([{ id: 'a', timeout: '1s' }])).wait(1_000);
    story.nodeDeadline('a');
    expect(story.cancel()).toEqual([]);
    expect(inShort(story.stopped('a'))).toEqual(['node.failed a', 'run.cancelled']);
  });

  test('a cancel while the run fails wins over the failure', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b' }]));
    story.fail('a');
    story.cancel();
    story.stopped('b');
    expect(story.state.status).toBe('cancelled');
  });

  test('a cancel after the end changes nothing', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.complete('a');
    const before = story.state;
    expect(story.cancel()).toEqual([]);
    expect(story.state).toEqual({ ...before, seq: before.seq + 1 });
  });
});

describe('pausing', () => {
  function parkedStory() {
    const story = new RunStory(aWorkflow([{ id: 'a' }]));
    story.effect('a', { reserved: { calls: 1 } });
    story.claim();
    story.effect('a');
    return story;
  }

  test('a run pauses when only a person can bring it on, and says for what', () => {
    const story = parkedStory();
    expect(story.state).toMatchObject({
      status: 'paused',
      waitingFor: [{ kind: 'parked_effect', node: 'a', key: 'a#1/call#1' }],
    });
    expect(pending(story.state)).toEqual([]);
  });

  test('a run does not pause while another node runs', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }, { id: 'b' }]));
    story.effect('a');
    story.claim();
    story.effect('a');
    expect(story.state.status).toBe('running');
    expect(inShort(story.complete('b'))).toEqual(['node.succeeded b', 'run.paused']);
  });

  test.each(['retry', 'fail'] as const)('the answer %s resumes the run in the next incarnation', (resolution) => {
    const story = parkedStory();
    expect(inShort(story.resolve('a#1/call#1', resolution))).toEqual(['run.resumed']);
    expect(story.node('a')).toMatchObject({ status: 'scheduled', attempt: 1, incarnation: 3 });
    expect(story.effect('a')).toMatchObject(
      resolution === 'retry'
        ? { kind: 'run', fact: { execution: 2 } }
        : { kind: 'answered', outcome: { kind: 'error', failure: { reason: 'fatal/parked' } } },
    );
  });

  test('a run with two parked nodes pauses again for the second', () => {
    const story = new RunStory(aWorkflow([{ id: 'b' }, { id: 'a' }]));
    for (const id of ['a', 'b']) story.effect(id);
    story.claim();
    for (const id of ['a', 'b']) story.effect(id);
    expect(story.state.waitingFor.map((wait) => 'node' in wait && wait.node)).toEqual(['b', 'a']);
    story.resolve('a#1/call#1', 'fail');
    expect(inShort(story.complete('a'))).toEqual(['node.succeeded a', 'run.paused']);
    expect(story.state.waitingFor).toEqual([{ kind: 'parked_effect', node: 'b', key: 'b#1/call#1' }]);
  });

  test('the deadline of the run ends a paused run', () => {
    const story = new RunStory(aWorkflow([{ id: 'a' }], { timeout: '1m' }));
    story.effect('a');
    story.claim();
    story.effect('a');
    expect(pending(story.state)).toEqual([
      { kind: 'timer', timer: { kind: 'run_deadline' }, dueTs: START_TS + 60_000 },
    ]);
    expect(inShort(story.wait(60_000).runDeadline())).toEqual(['node.skipped a', 'run.failed']);
  });
});
