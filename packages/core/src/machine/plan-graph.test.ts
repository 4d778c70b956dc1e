import { VltairError } from '@vltair/protocol';
import { describe, expect, test } from 'vitest';
import { verifies } from '../../../../e2e/verifies.ts';
import { aWorkflow } from '../../test/builders.ts';
import { planGraph } from './plan-graph.ts';

type Nodes = Parameters<typeof aWorkflow>[0];

function refusal(nodes: Nodes): { reason: string; message: string; where: string | undefined } {
  try {
    planGraph(aWorkflow(nodes));
  } catch (error) {
    if (error instanceof VltairError) return { reason: error.reason, message: error.message, where: error.where };
    throw error;
  }
  throw new Error('the graph was accepted');
}

const planOf = (nodes: Nodes) => planGraph(aWorkflow(nodes));
const to = (...targets: readonly string[]) => targets.map((target) => ({ on: `to_${target}`, to: target }));

describe('what is refused', () => {
  test('nodes that need each other are named as a circle', () => {
    verifies('OC-4');
    verifies('OC-9');
    const circle = [
      { id: 'a', needs: ['c'] },
      { id: 'b', needs: ['a'] },
      { id: 'c', needs: ['b'] },
    ];
    const { reason, message } = refusal(circle);
    expect(reason).toBe('invalid_argument/graph_cycle');
    expect(message).toMatch(/: a -> b -> c -> a$/);
  });

  test('a node that needs itself is a circle of one', () => {
    expect(refusal([{ id: 'a', needs: ['a'] }]).message).toMatch(/: a -> a$/);
  });

  test('a circle behind an entry is named without the entry', () => {
    const nodes = [{ id: 'start' }, { id: 'a', needs: ['start', 'b'] }, { id: 'b', needs: ['a'] }];
    expect(refusal(nodes)).toMatchObject({ reason: 'invalid_argument/graph_cycle', where: 'nodes.a' });
    expect(refusal(nodes).message).toMatch(/: a -> b -> a$/);
  });

  test('a circle closed by a need on what a route leads to is refused', () => {
    const nodes = [
      { id: 's', routes: to('a') },
      { id: 'a', needs: ['b'] },
      { id: 'b', needs: ['a'] },
    ];
    expect(refusal(nodes).reason).toBe('invalid_argument/graph_cycle');
  });

  test('an unknown node is named, with the edge that names it', () => {
    verifies('OC-4');
    verifies('OC-9');
    expect(refusal([{ id: 'a', needs: ['ghost'] }])).toEqual({
      reason: 'invalid_argument/unknown_node',
      message: 'An edge names a node that does not exist: ghost',
      where: 'nodes.a.needs',
    });
    expect(refusal([{ id: 'a', routes: to('ghost') }]).where).toBe('nodes.a.routes');
  });

  test('two nodes of one id are refused', () => {
    expect(refusal([{ id: 'a' }, { id: 'a' }])).toMatchObject({
      reason: 'invalid_argument/duplicate_node',
      where: 'nodes.a',
    });
  });

  test('a node may not be called input, nor have two routes on one signal', () => {
    expect(refusal([{ id: 'input' }]).reason).toBe('invalid_argument/workflow');
    const twice = [
      { on: 'x', to: 'b' },
      { on: 'x', end: 'failed' as const },
    ];
    expect(refusal([{ id: 'a', routes: twice }, { id: 'b' }]).message).toMatch(/two routes of a are on x/);
  });

  test('a route back into one branch of a fork is refused, since the join can be reached without it', () => {
    verifies('OC-4');
    const nodes = [
      { id: 'fork', routes: to('left', 'right') },
      { id: 'left', routes: to('join') },
      { id: 'right', routes: to('join') },
      { id: 'join', routes: to('left') },
    ];
    expect(refusal(nodes)).toEqual({
      reason: 'invalid_argument/route_not_dominating',
      message: 'A route jumps back to a node that does not dominate it: join -> left',
      where: 'nodes.join.routes',
    });
  });
});

describe('dominators', () => {
  test('a join that needs both branches is dominated by each of them', () => {
    const nodes = [
      { id: 'fork' },
      { id: 'left', needs: ['fork'] },
      { id: 'right', needs: ['fork'] },
      { id: 'join', needs: ['left', 'right'], routes: to('left') },
    ];
    expect(planOf(nodes).regions).toEqual([{ head: 'left', latches: ['join'], nodes: ['join', 'left'] }]);
  });

  test('a join of routes is dominated only by what is common to them', () => {
    const nodes = [
      { id: 'fork', routes: to('left', 'right') },
      { id: 'left', routes: to('join') },
      { id: 'right', routes: to('join') },
      { id: 'join', routes: to('fork') },
    ];
    expect(planOf(nodes).regions).toEqual([
      { head: 'fork', latches: ['join'], nodes: ['fork', 'join', 'left', 'right'] },
    ]);
  });
});

describe('loop regions', () => {
  test('a node that routes to itself is a region of its own', () => {
    expect(planOf([{ id: 'a', routes: to('a') }]).regions).toEqual([{ head: 'a', latches: ['a'], nodes: ['a'] }]);
  });

  test('what does not lead back to the head is not part of its region, and waits for the latch', () => {
    const nodes = [
      { id: 'head' },
      { id: 'body', needs: ['head'] },
      { id: 'latch', needs: ['body'], routes: to('head') },
      { id: 'side', needs: ['head'] },
      { id: 'later', needs: ['side'] },
    ];
    const plan = planOf(nodes);
    expect(plan.regions).toEqual([{ head: 'head', latches: ['latch'], nodes: ['body', 'head', 'latch'] }]);
    expect(plan.waitsFor).toEqual({ head: [], body: [], latch: [], side: ['latch'], later: [] });
  });

  test('latches of one head share one region, which holds every branch', () => {
    const nodes = [
      { id: 'head', routes: to('left', 'right') },
      { id: 'left', routes: to('head') },
      { id: 'right', routes: to('head') },
    ];
    const plan = planOf(nodes);
    expect(plan.regions).toEqual([{ head: 'head', latches: ['left', 'right'], nodes: ['head', 'left', 'right'] }]);
    expect(plan.waitsFor).toEqual({ head: [], left: [], right: [] });
  });

  test('a loop that is entered on the way of another lies within it, whatever its own latch leads to', () => {
    const nodes = [
      { id: 'outer', routes: to('inner') },
      { id: 'inner', routes: to('again', 'restart') },
      { id: 'again', routes: to('inner') },
      { id: 'restart', routes: to('outer') },
    ];
    const plan = planOf(nodes);
    expect(plan.regions).toEqual([
      { head: 'outer', latches: ['restart'], nodes: ['again', 'inner', 'outer', 'restart'] },
      { head: 'inner', latches: ['again'], nodes: ['again', 'inner'] },
    ]);
    expect(plan.waitsFor).toEqual({ outer: [], inner: [], again: [], restart: ['again'] });
  });

  test('a loop within a loop is a region within a region', () => {
    const nodes = [
      { id: 'a' },
      { id: 'b', needs: ['a'] },
      { id: 'c', needs: ['b'], routes: to('b') },
      { id: 'd', needs: ['c'], routes: to('a') },
      { id: 'e', needs: ['d'] },
    ];
    const plan = planOf(nodes);
    expect(plan.regions.map(({ head, nodes: members }) => [head, members.join('')])).toEqual([
      ['a', 'abcd'],
      ['b', 'bc'],
    ]);
    expect(plan.waitsFor).toMatchObject({ d: ['c'], e: ['d'] });
  });

  test('a start that is needed inside of a loop does not make the loop a circle', () => {
    const nodes = [
      { id: 'setup' },
      { id: 'test', routes: to('debug') },
      { id: 'debug' },
      { id: 'edit', needs: ['debug', 'setup'], routes: to('test') },
    ];
    expect(planOf(nodes).regions).toEqual([{ head: 'test', latches: ['edit'], nodes: ['debug', 'edit', 'test'] }]);
  });

  test('a way out of a loop that is defined before the loop is no start', () => {
    const nodes = [
      { id: 'out', routes: to('done') },
      { id: 'head' },
      { id: 'latch', needs: ['head'], routes: to('head', 'out') },
      { id: 'elsewhere', routes: [{ on: 'x', to: 'done' }] },
      { id: 'done' },
    ];
    expect(planOf(nodes).order).toEqual(['head', 'latch', 'out', 'elsewhere', 'done']);
  });

  test('a node after a loop waits for every loop that can bring the loop to run again', () => {
    const nodes = [
      { id: 'outer' },
      { id: 'source', needs: ['outer'] },
      { id: 'inner', needs: ['source'] },
      { id: 'restart', needs: ['inner'], routes: to('outer') },
      { id: 'again', needs: ['restart'], routes: to('inner') },
      { id: 'after', needs: ['source'] },
    ];
    expect(planOf(nodes).waitsFor).toMatchObject({ after: ['again', 'restart'], again: [], restart: [] });
  });

  test('the start of a workflow may be the head of a loop', () => {
    const nodes = [
      { id: 'test', routes: to('repair') },
      { id: 'repair', routes: to('test') },
    ];
    expect(planOf(nodes)).toMatchObject({
      order: ['test', 'repair'],
      regions: [{ head: 'test', latches: ['repair'] }],
      routedFrom: { test: [], repair: ['test'] },
    });
  });
});

describe('order', () => {
  test('each node comes after all that lead to it, ties in the order of the definition', () => {
    verifies('OC-9');
    const nodes = [
      { id: 'z', needs: ['m'] },
      { id: 'm' },
      { id: 'b', needs: ['m'] },
      { id: 'a' },
      { id: 'end', needs: ['z', 'b', 'a'] },
    ];
    expect(planOf(nodes).order).toEqual(['m', 'z', 'b', 'a', 'end']);
  });

  test('a workflow of the greatest size, defined backwards, is planned in less than two seconds', () => {
    const nodes = Array.from({ length: 1_000 }, (_, index) => ({
      id: `n${index}`,
      needs: index === 999 ? [] : [`n${index + 1}`],
    }));
    const begin = performance.now();
    expect(planOf(nodes).order[0]).toBe('n999');
    expect(performance.now() - begin).toBeLessThan(2_000);
  });
});
