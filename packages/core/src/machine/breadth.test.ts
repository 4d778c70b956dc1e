import type { JsonObject, WorkflowInput } from '@vltair/protocol';
import { afterEach, describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow, inShort, resultOf, RunStory, START_TS, throughSnapshot } from '../../test/builders.ts';
import { admit, type Command } from './admit.ts';
import { carryBefore, carryOf } from './carry.ts';
import { fold } from './evolve.ts';
import { pending } from './pending.ts';
import { hasEnded } from './run-state.ts';
import { verifyReplay } from './verify-replay.ts';

const stories: RunStory[] = [];

/** Every story is replayed, folded anew and taken through a snapshot when its test is over. */
afterEach(() => {
  for (const story of stories.splice(0)) {
    expect(verifyReplay(story.events)).toEqual([]);
    expect(fold(story.events)).toEqual(story.state);
    expect(throughSnapshot(story.state)).toEqual(story.state);
    if (!hasEnded(story.state)) continue;
    expect(Object.values(story.state.budget.reserved).every((amount) => amount === 0)).toBe(true);
    expect(pending(story.state)).toEqual([]);
  }
});

type Nodes = Parameters<typeof aWorkflow>[0];

function tell(nodes: Nodes, rest: Partial<Omit<WorkflowInput, 'nodes'>> = {}, input: JsonObject = {}): RunStory {
  const story = new RunStory(aWorkflow(nodes, rest), input);
  stories.push(story);
  return story;
}

/** A node that does something else than run the agent. */
function bare(node: Nodes[number]): Nodes[number] {
  return { ...node, agent: undefined };
}

function command(story: RunStory, wish: Command): readonly string[] {
  const admission = admit(story.state, wish);
  if (admission.kind === 'refused') return [`refused: ${admission.reason}`];
  return inShort(story.tell(admission.fact));
}

const by = 'ann';

describe('conditions', () => {
  test('a node whose condition does not hold is skipped, and what needs it', () => {
    const story = tell([
      { id: 'a' },
      { id: 'b', needs: ['a'], when: 'a.output.total > 2' },
      { id: 'c', needs: ['b'] },
      { id: 'd', needs: ['b?'] },
    ]);
    expect(inShort(story.complete('a', 'success', { total: 2 }))).toEqual([
      'node.succeeded a',
      'node.skipped b',
      'node.skipped c',
      'attempt.scheduled d',
    ]);
  });

  test('a condition that holds starts it; one that cannot be evaluated fails it, naming the expression', () => {
    const nodes = [{ id: 'a' }, { id: 'b', needs: ['a'], when: 'a.output.total > input.least' }];
    const story = tell(nodes, {}, { least: 1 });
    expect(inShort(story.complete('a', 'success', { total: 2 }))).toEqual(['node.succeeded a', 'attempt.scheduled b']);
    const other = tell(nodes, {}, { least: 1 });
    expect(inShort(other.complete('a'))).toEqual(['node.succeeded a', 'node.failed b', 'run.failed']);
    expect(other.state.failure).toMatchObject({ reason: 'invalid_argument/expression', where: 'nodes.b.when' });
  });
});

describe('failures', () => {
  test('with continue the run goes on, and what needs the node is skipped unless it tolerates that', () => {
    const story = tell([
      { id: 'a', onFailure: 'continue' },
      { id: 'b', needs: ['a'] },
      { id: 'c', needs: ['a?'], input: { why: '{{a.failure.reason}}' } },
    ]);
    expect(inShort(story.fail('a'))).toEqual(['node.failed a', 'node.skipped b', 'attempt.scheduled c']);
    expect(inShort(story.complete('c'))).toEqual(['node.succeeded c', 'run.succeeded']);
  });

  test('a failure is led to its handler; a success leaves the handler out', () => {
    const nodes: Nodes = [
      { id: 'a', onFailure: { to: 'mend' } },
      { id: 'mend', input: { why: '{{a.failure.message}}' } },
    ];
    const story = tell(nodes);
    expect(inShort(story.fail('a'))).toEqual(['node.failed a', 'route.taken a -> mend', 'attempt.scheduled mend']);
    expect(inShort(story.complete('mend'))).toEqual(['node.succeeded mend', 'run.succeeded']);
    const other = tell(nodes);
    expect(inShort(other.complete('a'))).toEqual(['node.succeeded a', 'node.skipped mend', 'run.succeeded']);
  });

  test('a handler may lead back to a node that dominates, as a loop', () => {
    const story = tell([
      { id: 'a', maxVisits: 2 },
      { id: 'b', needs: ['a'], onFailure: { to: 'a' } },
    ]);
    story.complete('a');
    expect(inShort(story.fail('b'))).toEqual(['node.failed b', 'route.taken b -> a', 'attempt.scheduled a']);
    story.complete('a');
    expect(inShort(story.fail('b'))).toEqual(['node.failed b', 'run.failed']);
    expect(story.state.failure?.reason).toBe('resource_exhausted/visits');
  });

  test('a loop whose head is skipped, or cancelled, comes to an end all the same', () => {
    const nodes: Nodes = [
      { id: 'a', onFailure: 'continue' },
      { id: 'b', needs: ['a'], maxVisits: 2 },
      { id: 'c', needs: ['b?'], onFailure: { to: 'b' } },
    ];
    const skipping = tell(nodes);
    expect(inShort(skipping.fail('a'))).toEqual(['node.failed a', 'node.skipped b', 'attempt.scheduled c']);
    expect(inShort(skipping.fail('c'))).toEqual([
      'node.failed c',
      'route.taken c -> b',
      'node.skipped b',
      'attempt.scheduled c',
    ]);
    const cancelling = tell(nodes);
    command(cancelling, { type: 'cancel', by, reason: 'not needed', node: 'a' });
    expect(inShort(cancelling.stopped('a'))).toEqual(['node.cancelled a', 'node.cancelled b', 'attempt.scheduled c']);
    cancelling.fail('c');
    for (const story of [skipping, cancelling]) {
      expect(inShort(story.fail('c')).at(-1)).toBe('attempt.scheduled c');
      expect(inShort(story.fail('c'))).toEqual(['node.failed c', 'run.failed']);
      expect(story.state.failure?.reason).toBe('resource_exhausted/visits');
    }
  });
});

describe('maps', () => {
  const mapped: Nodes = [
    { id: 'scan' },
    {
      id: 'review',
      needs: ['scan'],
      map: { over: '{{scan.output.files}}' },
      input: { file: '{{item.path}}', at: '{{index}}' },
    },
    { id: 'report', needs: ['review'], input: { results: '{{review.output.results}}' } },
  ];
  const files = { files: [{ path: 'a.ts' }, { path: 'b.ts' }, { path: 'c.ts' }] };

  test('one child per item, joined in the order of the items whatever order they end in', () => {
    verifies('H-10');
    const story = tell(mapped);
    expect(inShort(story.complete('scan', 'success', files))).toEqual([
      'node.succeeded scan',
      'map.expanded review',
      'attempt.scheduled review[0]',
      'attempt.scheduled review[1]',
      'attempt.scheduled review[2]',
    ]);
    const task = pending(story.state).find(
      (activity) => activity.kind === 'attempt' && activity.ref.node === 'review[1]',
    );
    expect(task).toMatchObject({ task: { payload: { file: 'b.ts', at: 1 } } });
    story.complete('review[2]', 'success', { n: 2 });
    story.complete('review[0]', 'success', { n: 0 });
    expect(inShort(story.complete('review[1]', 'success', { n: 1 }))).toEqual([
      'node.succeeded review[1]',
      'node.succeeded review',
      'attempt.scheduled report',
    ]);
    expect(story.node('review').result?.output).toEqual({ results: [{ n: 0 }, { n: 1 }, { n: 2 }] });
  });

  test('no items: the node succeeds with no results', () => {
    const story = tell(mapped);
    expect(inShort(story.complete('scan', 'success', { files: [] }))).toEqual([
      'node.succeeded scan',
      'map.expanded review',
      'node.succeeded review',
      'attempt.scheduled report',
    ]);
  });

  test('what is no list, or too long a one, fails the node', () => {
    const story = tell(mapped);
    story.complete('scan', 'success', { files: 'a.ts' });
    expect(story.state.failure).toMatchObject({ reason: 'invalid_argument/map_items', where: 'nodes.review.map' });
    const long = tell([{ id: 'a', map: { over: [1, 2, 3], maxItems: 2 } }]);
    expect(long.state.failure?.message).toContain('3 of at most 2');
    const many = tell([{ id: 'a', map: { over: [1, 2, 3] } }], { maxNodes: 3 });
    expect(many.state.failure?.reason).toBe('resource_exhausted/nodes');
  });

  test('no more children at a time than the node allows', () => {
    const story = tell([{ id: 'a', map: { over: [1, 2, 3], concurrency: 2 } }]);
    expect(story.statuses()).toMatchObject({ 'a[0]': 'scheduled', 'a[1]': 'scheduled', 'a[2]': 'waiting' });
    expect(inShort(story.complete('a[1]'))).toEqual(['node.succeeded a[1]', 'attempt.scheduled a[2]']);
  });

  test('a child that fails stops its siblings and fails the node', () => {
    const story = tell([{ id: 'a', map: { over: [1, 2, 3], concurrency: 2 } }]);
    expect(inShort(story.fail('a[0]'))).toEqual(['node.failed a[0]', 'attempt.stopping a[1]', 'node.cancelled a[2]']);
    expect(inShort(story.stopped('a[1]'))).toEqual(['node.cancelled a[1]', 'node.failed a', 'run.failed']);
  });

  test('with continue the others go on, and the failed one gives null', () => {
    const story = tell([{ id: 'a', map: { over: [1, 2] }, onFailure: 'continue' }]);
    story.fail('a[0]');
    expect(inShort(story.complete('a[1]', 'success', { n: 1 }))).toEqual([
      'node.succeeded a[1]',
      'node.succeeded a',
      'run.succeeded',
    ]);
    expect(story.node('a').result?.output).toEqual({ results: [null, { n: 1 }] });
  });

  test('an item that somebody cancels gives null, and the others go on', () => {
    const story = tell([{ id: 'a', map: { over: [1, 2] } }]);
    expect(command(story, { type: 'cancel', by, reason: 'not that one', node: 'a[0]' })).toEqual([
      'attempt.stopping a[0]',
    ]);
    expect(inShort(story.stopped('a[0]'))).toEqual(['node.cancelled a[0]']);
    expect(inShort(story.complete('a[1]', 'success', { n: 1 }))).toEqual([
      'node.succeeded a[1]',
      'node.succeeded a',
      'run.succeeded',
    ]);
    expect(story.node('a').result?.output).toEqual({ results: [null, { n: 1 }] });
  });

  test('a handler follows the node, when all its children have ended, and not one of them', () => {
    const story = tell([{ id: 'a', map: { over: [1, 2] }, onFailure: { to: 'mend' } }, { id: 'mend' }]);
    expect(inShort(story.fail('a[0]'))).toEqual(['node.failed a[0]', 'attempt.stopping a[1]']);
    expect(inShort(story.stopped('a[1]'))).toEqual([
      'node.cancelled a[1]',
      'node.failed a',
      'route.taken a -> mend',
      'attempt.scheduled mend',
    ]);
    expect(inShort(story.complete('mend'))).toEqual(['node.succeeded mend', 'run.succeeded']);
  });

  test('a mapped node in a loop has new children with every visit', () => {
    const story = tell([
      { id: 'a', maxVisits: 2 },
      { id: 'm', needs: ['a'], map: { over: '{{a.output.list}}' } },
      { id: 'z', needs: ['m'], routes: [{ on: 'again', to: 'a' }] },
    ]);
    story.complete('a', 'success', { list: [1, 2] });
    story.complete('m[0]');
    story.complete('m[1]');
    story.complete('z', 'again');
    expect(Object.keys(story.state.nodes)).toEqual(['a', 'm', 'z']);
    story.complete('a', 'success', { list: [1] });
    expect(story.node('m[0]')).toMatchObject({ visit: 2, status: 'scheduled' });
    expect(story.state.nodes['m[1]']).toBeUndefined();
  });
});

describe('tasks that an agent proposes', () => {
  const proposing = (agents: readonly string[]) => {
    const outcome = resultOf('plan');
    if (outcome.kind !== 'result') throw new TypeError('no result');
    const newTasks = agents.map((agent, index) => ({
      type: 'AgentTask' as const,
      id: `t${index}`,
      protocolVersion: 1 as const,
      agent,
      payload: { action: 'do', text: '{{not.a.template}}', index },
    }));
    return { ...outcome, result: { ...outcome.result, payload: { ...outcome.result.payload, newTasks } } };
  };
  const plan = (story: RunStory, agents: readonly string[]) =>
    inShort(
      story.tell({ type: 'attempt.completed', ...story.ref('plan'), incarnation: 1, outcome: proposing(agents) }),
    );
  const planning: Nodes = [
    { id: 'plan' },
    { id: 'after', needs: ['plan'], input: { first: '{{plan.tasks.0.output.n}}' } },
  ];

  test('each is a child; what needs the node waits for all of them and sees what they gave', () => {
    const story = tell(planning, { taskAgents: ['worker'] });
    expect(plan(story, ['worker', 'worker'])).toEqual([
      'tasks.added plan',
      'attempt.scheduled plan+0',
      'attempt.scheduled plan+1',
    ]);
    const task = pending(story.state).find((activity) => activity.kind === 'attempt' && activity.ref.node === 'plan+1');
    expect(task).toMatchObject({
      task: { agent: 'worker', payload: { action: 'do', text: '{{not.a.template}}', index: 1 } },
    });
    story.complete('plan+1', 'success', { n: 1 });
    expect(inShort(story.complete('plan+0', 'success', { n: 7 }))).toEqual([
      'node.succeeded plan+0',
      'node.succeeded plan',
      'attempt.scheduled after',
    ]);
    expect(pending(story.state)[0]).toMatchObject({ task: { payload: { first: 7 } } });
  });

  test('a workflow that lists no agents for tasks runs none: they stay proposals', () => {
    const story = tell(planning);
    expect(plan(story, ['worker'])).toEqual(['node.succeeded plan', 'node.failed after', 'run.failed']);
  });

  test('an agent that the workflow does not list, or too many nodes, fails the node', () => {
    const story = tell(planning, { taskAgents: ['worker'] });
    expect(plan(story, ['stranger'])).toEqual(['node.failed plan', 'node.skipped after', 'run.failed']);
    expect(story.state.failure?.message).toContain('stranger is none of the workflow');
    const bounded = tell(planning, { maxNodes: 3, taskAgents: ['worker'] });
    plan(bounded, ['worker', 'worker']);
    expect(bounded.state.failure?.reason).toBe('resource_exhausted/nodes');
  });
});

describe('waits', () => {
  test('a sleep pauses the run and ends at its time', () => {
    const story = tell([bare({ id: 'nap', sleep: '10s' }), { id: 'a', needs: ['nap'] }]);
    expect(story.state).toMatchObject({
      status: 'paused',
      waitingFor: [{ kind: 'sleep', node: 'nap', untilTs: START_TS + 10_000 }],
    });
    const [timer] = pending(story.state);
    if (timer?.kind !== 'timer') throw new TypeError('no timer');
    expect(inShort(story.wait(9_999).tell({ type: 'timer.fired', timer: timer.timer }))).toEqual([]);
    expect(inShort(story.wait(1).tell({ type: 'timer.fired', timer: timer.timer }))).toEqual([
      'node.succeeded nap',
      'attempt.scheduled a',
      'run.resumed',
    ]);
  });

  const form = {
    type: 'object',
    properties: { ok: { type: 'boolean' } },
    required: ['ok'],
    additionalProperties: false,
  };
  const asking: Nodes = [
    bare({ id: 'ask', signal: { name: 'answer', form, message: 'Well?' } }),
    { id: 'a', needs: ['ask'] },
  ];

  test('a signal wakes the node that waits for it, with the data of the sender', () => {
    const story = tell(asking);
    expect(story.state.waitingFor).toEqual([{ kind: 'signal', node: 'ask', name: 'answer', message: 'Well?' }]);
    expect(command(story, { type: 'signal', by, name: 'answer', data: { ok: true } })).toEqual([
      'node.succeeded ask',
      'attempt.scheduled a',
      'run.resumed',
    ]);
    expect(story.node('ask').result).toMatchObject({ signal: 'received', output: { data: { ok: true }, by } });
  });

  test('data that does not fit the form, and a name that nobody waits for, are refused', () => {
    const story = tell(asking);
    const refused = admit(story.state, { type: 'signal', by, name: 'answer', data: { ok: 'yes' } });
    expect(refused).toMatchObject({ reason: 'invalid_argument/signal_data', detail: expect.stringMatching(/^ok: /) });
    expect(command(story, { type: 'signal', by, name: 'other', data: 1 })).toEqual(['refused: not_found/signal']);
  });

  test('a message that comes early is kept for its node, oldest first', () => {
    const story = tell([{ id: 'a' }, bare({ id: 'ask', signal: {}, needs: ['a'] })]);
    for (const data of [1, 2]) command(story, { type: 'signal', by, name: 'ask', data });
    expect(inShort(story.complete('a'))).toEqual([
      'node.succeeded a',
      'node.suspended ask',
      'node.succeeded ask',
      'run.succeeded',
    ]);
    expect(story.node('ask').result?.output).toMatchObject({ data: 1 });
  });

  test('a mailbox is bounded', () => {
    const story = tell([{ id: 'a' }, bare({ id: 'ask', signal: {}, needs: ['a'] })]);
    for (let n = 0; n < 100; n += 1) command(story, { type: 'signal', by, name: 'ask', data: n });
    expect(command(story, { type: 'signal', by, name: 'ask', data: 0 })).toEqual([
      'refused: resource_exhausted/mailbox',
    ]);
  });

  test('a signal that does not come in time fails its node, or leads on where a route takes that', () => {
    const story = tell([bare({ id: 'ask', signal: { expires: '1m' } })]);
    const timer = { kind: 'wait_end' as const, node: 'ask', visit: 1 };
    expect(inShort(story.wait(60_000).tell({ type: 'timer.fired', timer }))).toEqual(['node.failed ask', 'run.failed']);
    const routed = tell([
      bare({
        id: 'ask',
        signal: { expires: '1m' },
        routes: [
          { on: 'expired', to: 'late' },
          { on: 'received', end: 'succeeded' },
        ],
      }),
      { id: 'late' },
    ]);
    expect(inShort(routed.wait(60_000).tell({ type: 'timer.fired', timer }))).toContain('attempt.scheduled late');
  });
});

describe('approvals', () => {
  const approval = { message: 'Deploy {{input.what}}?', approvers: ['ann', 'bob'], expires: '1h', warnBefore: '10m' };
  const guarded: Nodes = [{ id: 'deploy', input: { what: '{{input.what}}' }, approval }];
  const begin = () => tell(guarded, {}, { what: 'web' });

  test('an agent with an approval does not start before the yes, and the run waits for it', () => {
    verifies('H-11');
    const story = begin();
    expect(story.state).toMatchObject({
      status: 'paused',
      waitingFor: [{ kind: 'approval', node: 'deploy', approval: 'deploy#1', message: 'Deploy web?' }],
    });
    expect(story.state.approvals['deploy#1']).toMatchObject({
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      expiresTs: START_TS + 3_600_000,
      warnTs: START_TS + 3_000_000,
    });
    expect(command(story, { type: 'approve', by, approval: 'deploy' })).toEqual([
      'attempt.scheduled deploy',
      'run.resumed',
    ]);
    story.complete('deploy');
    expect(story.state.status).toBe('succeeded');
  });

  test('what cannot be asked, since something is missing in it, fails the node', () => {
    for (const node of [
      { id: 'b', needs: ['a'], approval: { message: 'Ship {{input.version}}?' } },
      { id: 'b', needs: ['a'], approval: { message: 'Ship?' }, input: { version: '{{input.version}}' } },
    ]) {
      const story = tell([{ id: 'a' }, node]);
      expect(inShort(story.complete('a'))).toEqual(['node.succeeded a', 'node.failed b', 'run.failed']);
      expect(story.state.failure?.reason).toBe('invalid_argument/template');
    }
  });

  test('an agent that is approved while the run is paused starts when it is resumed', () => {
    const story = tell([{ id: 'a', approval: { message: 'may it?' } }]);
    command(story, { type: 'pause', by, reason: 'wait' });
    expect(command(story, { type: 'approve', by, approval: 'a' })).toEqual(['run.paused']);
    expect(story.state.waitingFor).toMatchObject([{ kind: 'pause', by }]);
    expect(pending(story.state)).toEqual([]);
    expect(command(story, { type: 'resume', by })).toEqual(['attempt.scheduled a', 'run.resumed']);
  });

  test('a no ends the run without running the node; a second answer is refused', () => {
    verifies('H-11');
    const story = begin();
    expect(command(story, { type: 'reject', by, approval: 'deploy#1', reason: 'not on a Friday' })).toEqual([
      'node.failed deploy',
      'run.failed',
    ]);
    expect(story.state.failure).toMatchObject({
      reason: 'forbidden/rejected',
      message: expect.stringContaining('Friday'),
    });
    expect(command(story, { type: 'approve', by, approval: 'deploy' })).toEqual([
      'refused: invalid_argument/run_ended',
    ]);
  });

  test('who is none of the approvers is refused, and so is a second answer', () => {
    const story = tell([{ id: 'deploy', approval }, { id: 'other' }], {}, { what: 'web' });
    expect(command(story, { type: 'approve', by: 'eve', approval: 'deploy' })).toEqual(['refused: forbidden/approver']);
    command(story, { type: 'approve', by, approval: 'deploy' });
    expect(command(story, { type: 'reject', by, approval: 'deploy', reason: 'late' })).toEqual([
      'refused: invalid_argument/approval_decided',
    ]);
    expect(command(story, { type: 'approve', by, approval: 'nothing' })).toEqual(['refused: not_found/approval']);
  });

  test('a warning precedes the expiry, which fails the node', () => {
    const story = begin();
    const fire = (kind: 'approval_warning' | 'approval_expiry') =>
      inShort(story.tell({ type: 'timer.fired', timer: { kind, approval: 'deploy#1' } }));
    story.wait(3_000_000);
    expect(fire('approval_warning')).toEqual(['approval.warned']);
    expect(fire('approval_warning')).toEqual([]);
    story.wait(600_000);
    expect(fire('approval_expiry')).toEqual(['approval.expired', 'node.failed deploy', 'run.failed']);
    expect(story.state.failure?.reason).toBe('deadline_exceeded/approval');
  });

  test('an answer that reaches the log at the expiry comes too late, whichever is written first', () => {
    const story = begin().wait(3_600_000);
    const late = { type: 'approval.granted' as const, approval: 'deploy#1', by };
    expect(inShort(story.tell(late))).toEqual(['approval.expired', 'node.failed deploy', 'run.failed']);
  });

  test('a cancel takes the question back', () => {
    const story = begin();
    expect(inShort(story.cancel())).toEqual(['node.cancelled deploy', 'approval.cancelled', 'run.cancelled']);
    expect(story.state.approvals['deploy#1']?.status).toBe('cancelled');
  });

  test('alone, every answer is a signal where a route takes it', () => {
    const nodes: Nodes = [
      bare({
        id: 'ask',
        approval: { message: 'Go?' },
        routes: [
          { on: 'approved', to: 'go' },
          { on: 'rejected', to: 'stay' },
        ],
      }),
      { id: 'go' },
      { id: 'stay' },
    ];
    const yes = tell(nodes);
    expect(command(yes, { type: 'approve', by, approval: 'ask', comment: 'fine' })).toContain('attempt.scheduled go');
    expect(yes.node('ask').result?.output).toEqual({ by, comment: 'fine' });
    const no = tell(nodes);
    expect(command(no, { type: 'reject', by, approval: 'ask', reason: 'no' })).toContain('attempt.scheduled stay');
  });
});

describe('gates', () => {
  const gate = { verdict: 'ask' as const, rule: 'r1', policyDigest: 'p1', expiresMs: 60_000 };
  const begin = () => tell([{ id: 'a', timeout: '1m' }]);
  const key = 'a#1/call#1';

  test('a call that the gate asks for holds the attempt, and runs once it is approved, using the approval up', () => {
    const story = begin();
    expect(story.effect('a', { gate }).kind).toBe('held');
    expect(story.state).toMatchObject({ status: 'paused', waitingFor: [{ kind: 'approval', approval: key }] });
    story.wait(59_000);
    expect(command(story, { type: 'approve', by, approval: key })).toEqual(['run.resumed']);
    expect(story.node('a')).toMatchObject({ incarnation: 2, deadlineTs: START_TS + 119_000 });
    expect(story.effect('a', { gate })).toMatchObject({ kind: 'run', fact: { approval: key } });
    expect(story.state.approvals[key]?.status).toBe('used');
    story.record('a');
    expect(story.effect('a', { gate }).kind).toBe('answered');
  });

  test('a changed call is asked for anew', () => {
    const story = begin();
    story.effect('a', { gate });
    command(story, { type: 'approve', by, approval: key });
    expect(story.effect('a', { gate, digest: 'd2' }).kind).toBe('held');
    expect(story.state.approvals[key]).toMatchObject({ status: 'waiting', digest: 'd2' });
  });

  test('a policy that is stricter than when the yes was given asks again, or denies', () => {
    const story = begin();
    story.effect('a', { gate });
    command(story, { type: 'approve', by, approval: key });
    expect(story.effect('a', { gate: { ...gate, approvers: ['bob'], policyDigest: 'p2' } }).kind).toBe('held');
    command(story, { type: 'approve', by: 'bob', approval: key });
    const denied = story.effect('a', { gate: { ...gate, verdict: 'deny', policyDigest: 'p3' } });
    expect(denied).toMatchObject({ kind: 'denied', fact: { failure: { reason: 'forbidden/policy' } } });
  });

  test('a no, and an expiry, are told to the agent as the failure of its call', () => {
    const rejected = begin();
    rejected.effect('a', { gate });
    command(rejected, { type: 'reject', by, approval: key, reason: 'no' });
    expect(rejected.effect('a', { gate })).toMatchObject({
      kind: 'denied',
      fact: { failure: { reason: 'forbidden/rejected' } },
    });
    const expired = begin();
    expired.effect('a', { gate });
    expired.wait(60_000).tell({ type: 'timer.fired', timer: { kind: 'approval_expiry', approval: key } });
    expect(expired.effect('a', { gate })).toMatchObject({
      kind: 'denied',
      fact: { failure: { reason: 'deadline_exceeded/approval' } },
    });
  });

  test('an approved call that a crash left ambiguous needs a new approval after the person has cleared it', () => {
    const story = begin();
    story.effect('a', { gate });
    command(story, { type: 'approve', by, approval: key });
    story.effect('a', { gate });
    story.claim();
    expect(story.effect('a', { gate }).kind).toBe('parked');
    story.resolve(key, 'retry');
    expect(story.effect('a', { gate }).kind).toBe('held');
  });

  test('a call that may run again after a crash is still the one that was approved', () => {
    const story = begin();
    story.effect('a', { gate, policy: 'repeatable' });
    command(story, { type: 'approve', by, approval: key });
    story.effect('a', { gate, policy: 'repeatable' });
    story.claim();
    expect(story.effect('a', { gate, policy: 'repeatable' })).toMatchObject({ kind: 'run', fact: { execution: 2 } });
  });
});

describe('subruns', () => {
  const flow = {
    workflows: { child: { nodes: [{ id: 'x', agent: 'worker' }], budget: { calls: 5 } } },
    budget: { calls: 8 },
  };
  const nodes: Nodes = [
    bare({ id: 'sub', subrun: { workflow: 'child' }, input: { n: '{{input.n}}' }, onFailure: 'continue' }),
  ];
  const run = '01900000-0000-7000-8000-000000000001.1';
  const ended = {
    type: 'subrun.ended' as const,
    node: 'sub',
    visit: 1,
    run,
    status: 'succeeded' as const,
    spent: { calls: 3 },
  };

  test('the deadline of the run has been told once it has passed, however long the child takes to stop', () => {
    const story = tell(nodes, { ...flow, timeout: '1m' }, { n: 4 });
    expect(inShort(story.wait(60_000).runDeadline())).toEqual(['subrun.stopping sub']);
    expect(pending(story.state)).toMatchObject([{ kind: 'subrun', isStopping: true }]);
  });

  test('the child gets what is set aside for it, and gives back what it does not spend', () => {
    const story = tell(nodes, flow, { n: 4 });
    expect(pending(story.state)).toMatchObject([
      { kind: 'subrun', wait: { run, input: { n: 4 }, granted: { calls: 5 } } },
    ]);
    expect(story.state).toMatchObject({ status: 'running', budget: { reserved: { calls: 5 } } });
    expect(inShort(story.tell({ ...ended, output: { y: 1 } }))).toEqual(['node.succeeded sub', 'run.succeeded']);
    expect(story.state.budget).toMatchObject({ reserved: { calls: 0 }, spent: { calls: 3 } });
    expect(story.node('sub').result?.output).toEqual({ y: 1 });
    expect(inShort(story.tell(ended))).toEqual([]);
  });

  test('no more is set aside than is left', () => {
    const story = tell(nodes, { ...flow, budget: { calls: 2 } }, { n: 1 });
    expect(pending(story.state)).toMatchObject([{ wait: { granted: { calls: 2 } } }]);
  });

  test('a cancelled run waits for its child to end', () => {
    const story = tell(nodes, flow, { n: 1 });
    expect(inShort(story.cancel())).toEqual(['subrun.stopping sub']);
    expect(pending(story.state)).toMatchObject([{ kind: 'subrun', isStopping: true }]);
    expect(inShort(story.tell({ ...ended, status: 'cancelled' }))).toEqual(['node.cancelled sub', 'run.cancelled']);
    expect(story.state.budget.spent.calls).toBe(3);
  });

  test('the budget of the node itself bounds the child as well', () => {
    const bounded = nodes.map((node) => ({ ...node, budget: { calls: 1 } }));
    expect(pending(tell(bounded, flow, { n: 1 }).state)).toMatchObject([{ wait: { granted: { calls: 1 } } }]);
  });

  test('a child that has succeeded although it was to stop is undone', () => {
    const undoable = nodes.map((node) => ({
      ...node,
      compensate: { agent: 'worker', input: { y: '{{sub.output.y}}' } },
    }));
    const story = tell(undoable, flow, { n: 1 });
    story.cancel();
    expect(inShort(story.tell({ ...ended, output: { y: 1 } }))).toEqual([
      'node.cancelled sub',
      'run.ending',
      'compensation.started sub',
      'attempt.scheduled sub.undo',
    ]);
    expect(pending(story.state)).toMatchObject([{ task: { payload: { y: 1 } } }]);
    story.complete('sub.undo');
    expect(story.state.status).toBe('cancelled');
  });

  test('a tree that has moved on meanwhile is not overwritten', () => {
    const story = tell([...nodes, { id: 'a' }], flow, { n: 1 });
    const outcome = { ...resultOf('a'), treeBefore: 'tree0', treeAfter: 'tree1' };
    story.tell({ type: 'attempt.completed', ...story.ref('a'), incarnation: 1, outcome });
    story.tell({ ...ended, tree: 'tree2' });
    expect(story.state.tree).toBe('tree1');
    expect(story.node('sub').failure?.reason).toBe('fatal/tree_conflict');
  });
});

describe('cleaning up', () => {
  const compensate = { agent: 'worker', action: 'refund', input: { id: '{{charge.output.id}}' } };

  test('what succeeded is undone in reverse order when the run fails, then the finally nodes run, each once', () => {
    const story = tell(
      [
        { id: 'charge', compensate },
        { id: 'ship', needs: ['charge'], compensate: { agent: 'worker', action: 'recall' } },
        { id: 'mail', needs: ['ship'] },
      ],
      {
        finally: [
          { id: 'report', agent: 'worker', input: { how: '{{run.ending}}' } },
          { id: 'last', agent: 'worker', needs: ['report'] },
        ],
      },
    );
    story.complete('charge', 'success', { id: 'c1' });
    story.complete('ship');
    expect(inShort(story.fail('mail'))).toEqual([
      'node.failed mail',
      'run.ending',
      'compensation.started ship',
      'attempt.scheduled ship.undo',
    ]);
    expect(inShort(story.complete('ship.undo'))).toEqual([
      'node.succeeded ship.undo',
      'compensation.started charge',
      'attempt.scheduled charge.undo',
    ]);
    expect(pending(story.state)).toMatchObject([{ task: { payload: { action: 'refund', id: 'c1' } } }]);
    expect(inShort(story.complete('charge.undo'))).toEqual(['node.succeeded charge.undo', 'attempt.scheduled report']);
    expect(pending(story.state)).toMatchObject([{ task: { payload: { how: 'failed' } } }]);
    expect(command(story, { type: 'cancel', by, reason: 'x' })).toEqual(['refused: invalid_argument/run_ending']);
    story.complete('report');
    expect(inShort(story.complete('last'))).toEqual(['node.succeeded last', 'run.failed']);
    expect(story.state.failure?.reason).toBe('fatal/agent');
  });

  test('nothing is undone when the run succeeds; the finally nodes run all the same', () => {
    const story = tell([{ id: 'charge', compensate }], { finally: [{ id: 'report', agent: 'worker' }] });
    expect(inShort(story.complete('charge'))).toEqual([
      'node.succeeded charge',
      'run.ending',
      'attempt.scheduled report',
    ]);
    expect(inShort(story.complete('report'))).toEqual(['node.succeeded report', 'run.succeeded']);
  });

  test('each visit of a loop is undone with what it gave', () => {
    const story = tell([
      {
        id: 'charge',
        compensate,
        maxVisits: 2,
        routes: [
          { on: 'again', to: 'charge' },
          { on: 'broken', end: 'failed' },
        ],
      },
    ]);
    story.complete('charge', 'again', { id: 'c1' });
    story.complete('charge', 'broken', { id: 'c2' });
    expect(pending(story.state)).toMatchObject([{ ref: { node: 'charge.undo2' }, task: { payload: { id: 'c2' } } }]);
    story.complete('charge.undo2');
    expect(pending(story.state)).toMatchObject([{ ref: { node: 'charge.undo' }, task: { payload: { id: 'c1' } } }]);
    story.complete('charge.undo');
    expect(story.state.status).toBe('failed');
  });

  test('a compensation that fails is named, and the others still run', () => {
    const story = tell([
      { id: 'a', compensate: { agent: 'worker' } },
      { id: 'b', needs: ['a'], compensate: { agent: 'worker' } },
      { id: 'c', needs: ['b'] },
    ]);
    story.complete('a');
    story.complete('b');
    story.cancel();
    story.stopped('c');
    story.fail('b.undo');
    story.complete('a.undo');
    expect(story.state).toMatchObject({ status: 'failed', failure: { reason: 'fatal/compensation', where: 'b.undo' } });
  });

  test('mapped children are undone with their items', () => {
    const story = tell([
      {
        id: 'pay',
        map: { over: [5, 6] },
        compensate: { agent: 'worker', input: { amount: '{{item}}', place: '{{index}}' } },
      },
      { id: 'z', needs: ['pay'] },
    ]);
    story.complete('pay[1]');
    story.complete('pay[0]');
    story.fail('z');
    expect(pending(story.state)).toMatchObject([
      { ref: { node: 'pay[0].undo' }, task: { payload: { amount: 5, place: 0 } } },
    ]);
    story.complete('pay[0].undo');
    expect(pending(story.state)).toMatchObject([
      { ref: { node: 'pay[1].undo' }, task: { payload: { amount: 6, place: 1 } } },
    ]);
    story.complete('pay[1].undo');
  });

  test('mapped children of an earlier turn are undone although a loop has started over', () => {
    const story = tell([
      { id: 'head', maxVisits: 2 },
      {
        id: 'pay',
        needs: ['head'],
        map: { over: [5, 6] },
        compensate: { agent: 'worker', input: { amount: '{{item}}' } },
      },
      { id: 'latch', needs: ['pay'], routes: [{ on: 'again', to: 'head' }] },
    ]);
    story.complete('head');
    story.complete('pay[0]');
    story.complete('pay[1]');
    story.complete('latch', 'again');
    expect(inShort(story.fail('head'))).toEqual([
      'node.failed head',
      'node.skipped pay',
      'node.skipped latch',
      'run.ending',
      'compensation.started pay[1]',
      'attempt.scheduled pay[1].undo',
    ]);
    expect(pending(story.state)).toMatchObject([{ task: { agent: 'worker', payload: { amount: 6 } } }]);
    story.complete('pay[1].undo');
    story.complete('pay[0].undo');
    expect(story.state.status).toBe('failed');
  });

  test('what the run gives is filled in at its end', () => {
    verifies('H-09');
    const story = tell([{ id: 'a' }], { output: { n: '{{a.output.n}}', who: 'run {{run.id}}' } });
    story.complete('a', 'success', { n: 3 });
    expect(story.state.output).toEqual({ n: 3, who: 'run 01900000-0000-7000-8000-000000000001' });
    const broken = tell([{ id: 'a' }], { output: { n: '{{a.output.none}}' } });
    broken.complete('a');
    expect(broken.state.failure).toMatchObject({ reason: 'invalid_argument/template', where: 'output' });
  });
});

describe('what people ask of a run', () => {
  test('a paused run starts nothing new until it is resumed', () => {
    const story = tell([{ id: 'a' }, { id: 'b', needs: ['a'] }]);
    expect(command(story, { type: 'pause', by, reason: 'lunch' })).toEqual([]);
    expect(command(story, { type: 'pause', by, reason: 'again' })).toEqual(['refused: invalid_argument/run_paused']);
    expect(inShort(story.complete('a'))).toEqual(['node.succeeded a', 'run.paused']);
    expect(story.state.waitingFor).toEqual([{ kind: 'pause', by, reason: 'lunch' }]);
    expect(command(story, { type: 'resume', by })).toEqual(['attempt.scheduled b', 'run.resumed']);
  });

  test('a branch that is cancelled takes what needs it with it; the rest goes on', () => {
    verifies('OC-17');
    const story = tell([{ id: 'a' }, { id: 'b', needs: ['a'] }, { id: 'c' }, { id: 'd', needs: ['b', 'c'] }]);
    expect(command(story, { type: 'cancel', by, reason: 'x', node: 'ghost' })).toEqual(['refused: not_found/node']);
    expect(command(story, { type: 'cancel', by, reason: 'x', node: 'a' })).toEqual(['attempt.stopping a']);
    expect(inShort(story.stopped('a'))).toEqual(['node.cancelled a', 'node.cancelled b', 'node.cancelled d']);
    expect(inShort(story.complete('c'))).toEqual(['node.succeeded c', 'run.succeeded']);
    expect(command(story, { type: 'cancel', by, reason: 'x', node: 'a' })).toEqual([
      'refused: invalid_argument/run_ended',
    ]);
  });

  test('a mapped node that is cancelled waits for the tasks that its items proposed', () => {
    const story = tell(
      [
        { id: 'm', map: { over: [1] } },
        { id: 'z', needs: ['m?'] },
      ],
      { taskAgents: ['worker'] },
    );
    const task = {
      type: 'AgentTask',
      id: 't',
      protocolVersion: 1,
      agent: 'worker',
      payload: { action: 'run' },
    } as const;
    const outcome = resultOf('m[0]');
    if (outcome.kind !== 'result') throw new TypeError('no result');
    outcome.result.payload.newTasks = [task];
    story.tell({ type: 'attempt.completed', ...story.ref('m[0]'), incarnation: 1, outcome });
    expect(command(story, { type: 'cancel', by, reason: 'x', node: 'm' })).toEqual(['attempt.stopping m[0]+0']);
    expect(inShort(story.stopped('m[0]+0')).slice(-2)).toEqual(['node.cancelled m', 'attempt.scheduled z']);
    expect(story.statuses()).toMatchObject({ m: 'cancelled' });
  });

  test('cancelling a mapped node stops its children', () => {
    const story = tell([{ id: 'm', map: { over: [1, 2] } }, { id: 'z' }]);
    expect(command(story, { type: 'cancel', by, reason: 'x', node: 'm' })).toEqual([
      'attempt.stopping m[0]',
      'attempt.stopping m[1]',
    ]);
    story.stopped('m[0]');
    expect(inShort(story.stopped('m[1]'))).toEqual(['node.cancelled m[1]', 'node.cancelled m']);
  });

  test('only a failed run is tried again: what failed and all that follows gets another visit', () => {
    verifies('H-12');
    const story = tell([{ id: 'a' }, { id: 'b', needs: ['a'] }, { id: 'c', needs: ['b'] }, { id: 'side' }], {
      budget: { calls: 1 },
    });
    expect(command(story, { type: 'retry', by })).toEqual(['refused: invalid_argument/not_failed']);
    story.complete('a');
    story.fail('b');
    story.stopped('side');
    expect(story.state.status).toBe('failed');
    expect(command(story, { type: 'retry', by, grant: { calls: 2 } })).toEqual([
      'attempt.scheduled b',
      'attempt.scheduled side',
    ]);
    expect(story.state).toMatchObject({
      status: 'running',
      retries: 1,
      failure: undefined,
      budget: { limit: { calls: 3 } },
    });
    expect(story.node('b')).toMatchObject({ visit: 2, floor: 1 });
    story.complete('b');
    story.complete('side');
    story.complete('c');
    expect(story.state.status).toBe('succeeded');
  });

  test('a retry redoes what was undone, and cleans up again', () => {
    const story = tell(
      [
        { id: 'a', compensate: { agent: 'worker' } },
        { id: 'b', needs: ['a'] },
      ],
      { finally: [{ id: 'f', agent: 'worker' }] },
    );
    story.complete('a');
    story.fail('b');
    story.complete('a.undo');
    story.complete('f');
    expect(command(story, { type: 'retry', by })).toEqual(['attempt.scheduled a']);
    expect(Object.keys(story.state.nodes)).toEqual(['a', 'b', 'f']);
    story.complete('a');
    story.complete('b');
    story.complete('f');
    expect(story.state.status).toBe('succeeded');
  });

  test('a loop whose visits were used up has them again after a retry', () => {
    const story = tell([{ id: 'a', maxVisits: 2, routes: [{ on: 'again', to: 'a' }] }]);
    story.complete('a', 'again');
    story.complete('a', 'again');
    expect(story.state.failure?.reason).toBe('resource_exhausted/visits');
    command(story, { type: 'retry', by });
    story.complete('a', 'again');
    expect(story.node('a')).toMatchObject({ status: 'scheduled', visit: 4, floor: 2 });
  });

  test('a rollback takes the run back to how it stood', () => {
    verifies('OC-17');
    const story = tell([{ id: 'a' }, { id: 'b', needs: ['a'] }, { id: 'c', needs: ['b'] }]);
    story.complete('a', 'success', { n: 1 });
    const then = { toSeq: story.state.seq, carry: carryOf(story.state) };
    story.complete('b');
    expect(command(story, { type: 'rollback', by, ...then })).toEqual(['refused: invalid_argument/run_busy']);
    story.fail('c');
    expect(command(story, { type: 'rollback', by, ...then })).toEqual(['attempt.scheduled b']);
    expect(story.node('a')).toMatchObject({ status: 'succeeded', visit: 1 });
    expect(story.node('b')).toMatchObject({ visit: 2, floor: 1 });
  });

  test('a rollback that would forget what an earlier visit did, or a visit that it takes back, is refused', () => {
    const charge = { id: 'charge', compensate: { agent: 'worker' }, maxVisits: 2 };
    const story = tell([
      { ...charge, routes: [{ on: 'again', to: 'charge' }] },
      { id: 'ask', needs: ['charge'], approval: { message: '?' } },
    ]);
    const before = { toSeq: story.state.seq, carry: carryOf(story.state) };
    story.complete('charge', 'again');
    story.complete('charge');
    const after = { toSeq: story.state.seq, carry: carryOf(story.state) };
    for (const then of [before, after])
      expect(admit(story.state, { type: 'rollback', by, ...then })).toMatchObject({
        reason: 'invalid_argument/rollback',
        detail: 'charge would not be undone any more',
      });
    const once = tell([charge, { id: 'ask', needs: ['charge'], approval: { message: '?' } }]);
    once.complete('charge');
    const kept = { toSeq: once.state.seq, carry: carryOf(once.state) };
    expect(admit(once.state, { type: 'rollback', by, ...kept })).toMatchObject({ kind: 'admitted' });
  });

  test('a rollback that would keep something from being undone, or count what was undone as done, is refused', () => {
    const story = tell([
      { id: 'm', map: { over: [1] }, compensate: { agent: 'worker' } },
      { id: 'z', needs: ['m'] },
    ]);
    story.complete('m[0]');
    const then = { toSeq: story.state.seq, carry: carryOf(story.state) };
    story.fail('z');
    expect(story.node('m[0].undo').status).toBe('scheduled');
    story.complete('m[0].undo');
    expect(admit(story.state, { type: 'rollback', by, ...then })).toMatchObject({
      reason: 'invalid_argument/rollback',
    });
    const waits = tell([
      { id: 'm', map: { over: [1] }, compensate: { agent: 'worker' } },
      bare({ id: 'z', needs: ['m'], approval: { message: 'go?' } }),
    ]);
    waits.complete('m[0]');
    const wish = { type: 'rollback', by, toSeq: 1, carry: carryOf(waits.state) } as const;
    expect(admit(waits.state, wish)).toMatchObject({ detail: 'm[0] would not be undone any more' });
  });

  test('a fork knows the failures before it', () => {
    const source = tell([
      { id: 'a', onFailure: { to: 'mend' } },
      { id: 'mend', input: { why: '{{a.failure.reason}}' } },
    ]);
    source.fail('a');
    source.complete('mend');
    const carry = carryBefore(source.state, 'mend');
    const fork = new RunStory(source.state.workflow, {}, { run: 'other', seq: source.state.seq, carry });
    stories.push(fork);
    expect(fork.statuses()).toEqual({ a: 'failed', mend: 'scheduled' });
  });

  test('a fork begins with what the other run had before the node', () => {
    const source = tell([{ id: 'a' }, { id: 'b', needs: ['a'], input: { n: '{{a.output.n}}' } }]);
    source.complete('a', 'success', { n: 1 });
    source.fail('b');
    const carry = carryBefore(source.state, 'b');
    const fork = new RunStory(source.state.workflow, {}, { run: 'other', seq: source.state.seq, carry });
    stories.push(fork);
    expect(fork.statuses()).toEqual({ a: 'succeeded', b: 'scheduled' });
    expect(pending(fork.state)).toMatchObject([{ task: { payload: { n: 1 } } }]);
  });
});

describe('budgets', () => {
  test('a visit may have a budget of its own besides that of the run', () => {
    const story = tell([{ id: 'a', budget: { calls: 1, tokens: 10 } }], { budget: { calls: 5 } });
    expect(story.effect('a', { reserved: { calls: 1, tokens: 4 } }).kind).toBe('run');
    expect(story.effect('a', { name: 'other', reserved: { calls: 1 } })).toMatchObject({
      kind: 'refused',
      fact: { scope: 'node', dimension: 'calls', limit: 1 },
    });
    story.record('a', { calls: 1, tokens: 9 });
    expect(story.node('a').budget).toMatchObject({ spent: { calls: 1, tokens: 9 }, reserved: { calls: 0, tokens: 0 } });
    expect(story.state.budget.spent.tokens).toBe(9);
  });

  test('money and tokens are limited for the run', () => {
    const story = tell([{ id: 'a' }], { budget: { microUsd: 100 } });
    expect(story.effect('a', { reserved: { microUsd: 101 } })).toMatchObject({
      kind: 'refused',
      fact: { dimension: 'microUsd' },
    });
  });
});
