import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Random } from '../../bench/planting/seeded-random.ts';
import {
  makeRunId,
  makeTraceId,
  workflowSchema,
  type AmbiguityPolicy,
  type WorkflowInput,
} from '../../packages/protocol/src/index.ts';
import { ACTOR, type Act, type Script } from './actor.ts';

/** A run that somebody wants; its workflow is sent as a person writes it. */
export const runWishSchema = z.strictObject({
  run: z.string(),
  title: z.string(),
  traceId: z.string(),
  workflow: workflowSchema,
});
export type RunWish = z.input<typeof runWishSchema>;

const shapes = ['sequence', 'map', 'loop', 'approval', 'sleep', 'signal', 'child', 'undo', 'budget', 'flaky'] as const;
type Shape = (typeof shapes)[number];

type NodeInput = WorkflowInput['nodes'][number];

/** The next run of a campaign: what it does is chosen by the random, its id is new. */
export function aRunWish(random: Random): RunWish {
  const shape = one(random, shapes);
  const run = makeRunId(Date.now(), randomBytes(16));
  const workflow = { name: shape, ...WORKFLOWS[shape](new Draw(random)) };
  return { run, title: shape, traceId: makeTraceId(randomBytes(16)), workflow };
}

const WORKFLOWS: Readonly<Record<Shape, (draw: Draw) => Omit<WorkflowInput, 'name'>>> = {
  sequence: (draw) => ({
    nodes: [draw.work('a'), draw.work('b', ['a']), draw.work('c', ['b']), draw.work('d', ['c'])],
  }),
  map: (draw) => ({
    nodes: [
      draw.work('split'),
      {
        ...draw.work('each', ['split']),
        map: { over: ['x', 'y', 'z', 'w'].slice(0, 2 + draw.number(3)), concurrency: 2 },
      },
      draw.work('join', ['each']),
    ],
  }),
  loop: (draw) => ({
    nodes: [
      { ...draw.work('draft'), maxVisits: 4 },
      {
        ...draw.work('review', ['draft'], { signals: ['again', 'again', 'success'].slice(draw.number(3)) }),
        routes: [{ on: 'again', to: 'draft' }],
        maxVisits: 4,
      },
      draw.work('publish', ['review']),
    ],
  }),
  approval: (draw) => ({
    nodes: [
      draw.work('prepare'),
      { id: 'ask', approval: { message: 'may it?' }, needs: ['prepare'], onFailure: 'continue' },
      { ...draw.work('deliver', ['prepare']), approval: { message: 'may this?' }, onFailure: 'continue' },
      draw.work('after', ['ask']),
    ],
  }),
  sleep: (draw) => ({
    nodes: [
      draw.work('before'),
      { id: 'nap', sleep: 300 + draw.number(4_000), needs: ['before'] },
      draw.work('after', ['nap']),
    ],
  }),
  signal: (draw) => ({
    nodes: [
      draw.work('before'),
      { id: 'wait', signal: { name: 'post' }, needs: ['before'] },
      draw.work('after', ['wait']),
    ],
  }),
  child: (draw) => ({
    nodes: [
      draw.work('before'),
      { id: 'below', subrun: { workflow: 'inner' }, needs: ['before'] },
      draw.work('after', ['below']),
    ],
    workflows: {
      inner: {
        nodes: [
          draw.work('one'),
          { id: 'nap', sleep: 100 + draw.number(1_500), needs: ['one'] },
          draw.work('two', ['nap']),
        ],
      },
    },
  }),
  undo: (draw) => ({
    nodes: [
      { ...draw.work('reserve'), compensate: { agent: ACTOR, input: draw.script() } },
      { ...draw.work('pay', ['reserve']), compensate: { agent: ACTOR, input: draw.script() } },
      { id: 'linger', sleep: 2_000 + draw.number(6_000), needs: ['pay'] },
      draw.work('ship', ['linger']),
    ],
    finally: [draw.work('sweep')],
  }),
  budget: (draw) => ({
    nodes: [draw.work('a'), draw.work('b', ['a']), draw.work('c', ['b'])],
    budget: { calls: 5 + draw.number(6) },
  }),
  flaky: (draw) => ({
    nodes: [draw.work('left'), draw.flaky('right'), draw.work('end', ['left', 'right'])],
  }),
};

/** Policies as they are in life: most calls can be repeated somehow. */
const POLICIES: readonly [AmbiguityPolicy, ...AmbiguityPolicy[]] = [
  'repeatable',
  'repeatable',
  'keyed',
  'keyed',
  'once',
];

class Draw {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  number(below: number): number {
    return Math.floor(this.#random() * below);
  }

  work(id: string, needs: readonly string[] = [], rest: Partial<Script> = {}): NodeInput {
    return { id, agent: ACTOR, needs: [...needs], input: { ...this.script(), ...rest } };
  }

  /** The outside refuses its first call, or its first two. */
  flaky(id: string): NodeInput {
    const refusals = 1 + this.number(2);
    return { id, agent: ACTOR, input: { acts: [{ ...this.#act('try'), refusals }] }, maxAttempts: 5 };
  }

  script() {
    const count = 1 + this.number(3);
    const acts = Array.from({ length: count }, (_, index) => this.#act(`act${index}`));
    return { acts, isTogether: this.#random() < 0.3 };
  }

  #act(name: string): Act {
    const takesMs = this.#random() < 0.1 ? 500 + this.number(1_500) : 2 + this.number(120);
    return { name, policy: one(this.#random, POLICIES), takesMs };
  }
}

function one<T>(random: Random, list: readonly [T, ...(readonly T[])]): T {
  return list[Math.floor(random() * list.length)] ?? list[0];
}
