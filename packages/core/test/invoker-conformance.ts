import { deepStrictEqual, ok, rejects } from 'node:assert/strict';
import {
  agentError,
  agentResult,
  failure,
  VltairError,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type Json,
} from '@vltair/protocol';
import type { Agent, AgentContext, EffectCall, EffectSpec, Invoker } from '../src/ports/agent.ts';

/** An invoker that runs these agents, in this process or in others, and how to end it. */
type MakeInvoker = (agents: readonly Agent[]) => Promise<{ readonly invoker: Invoker; close(): Promise<void> }>;

/** One thing that every invoker does. `check` rejects when it does not. */
export interface InvokerRule {
  readonly title: string;
  readonly check: (make: MakeInvoker) => Promise<void>;
}

/**
 * What the runtime relies on, wherever agents run: in its own process, or behind a queue in another one.
 *
 * V1 An invocation has the context that it was given, and no other: what an agent is told, and what it asks for, is that
 *    of its attempt. V2 What passes between agent and context arrives in order and as it was: tasks, results, effects,
 *    their results and failures. V3 An invocation settles when its agent has, or has been told to stop; never because
 *    of another one. V4 What an agent throws is a reply; only what never reached an agent rejects.
 *
 * @example for (const { title, check } of invokerRules) test(title, () => check(makeMyInvoker));
 */
export const invokerRules: readonly InvokerRule[] = [
  rule('it knows the agents that it has, by name', [answering('scan')], async ({ invoker }) => {
    deepStrictEqual([invoker.has('scan'), invoker.has('mystery'), invoker.has('toString')], [true, false, false]);
  }),

  rule('a task for an agent that it has not is rejected (V4)', [answering('scan')], async ({ invoker }) => {
    const context = new ScriptedContext();
    await rejects(
      async () => await invoker.invoke(aTask('mystery'), context),
      (error) => error instanceof VltairError && error.reason === 'not_found/agent',
    );
  }),

  rule(
    'an agent gets the task, and what the context says of its attempt (V1)',
    [describing('scan')],
    async ({ invoker }) => {
      const context = new ScriptedContext({
        run: 'r7',
        node: 'n7',
        visit: 2,
        attempt: 3,
        incarnation: 4,
        tree: 'f'.repeat(64),
      });
      const task = aTask('scan', { text: 'é🙂"\\\u0000', list: [1, null, { deep: true }] });
      const { run, node, visit, attempt, incarnation, traceId, tree } = context;
      deepStrictEqual(outputOf(await invoker.invoke(task, context)), {
        task: asJson(task),
        context: asJson({ run, node, visit, attempt, incarnation, traceId, tree }),
      });
    },
  ),

  rule(
    'what an effect gives is what its agent gets, in order, and the call is made by the context (V2)',
    [acting('scan')],
    async ({ invoker }) => {
      const context = new ScriptedContext();
      const reply = await invoker.invoke(aTask('scan', { effects: ['a', 'b', 'c'] }), context);
      deepStrictEqual(outputOf(reply), { results: ['recorded a', 'recorded b', 'recorded c'] });
      deepStrictEqual(context.heard, [
        ...['a', 'b', 'c'].flatMap((name) => [
          `effect ${name}`,
          `frame`,
          `spend 2`,
          `tokens 3 llm`,
          `returned "called ${name} with key-${name}"`,
        ]),
      ]);
      deepStrictEqual(
        context.specs.map(asJson),
        ['a', 'b', 'c'].map((name) => asJson(specOf(name))),
      );
    },
  ),

  rule(
    'an effect that is refused is refused with its reason, and the agent may go on (V2)',
    [forgiving('scan')],
    async ({ invoker }) => {
      const context = new ScriptedContext({ refuses: 'b' });
      const reply = await invoker.invoke(aTask('scan', { effects: ['a', 'b', 'c'] }), context);
      deepStrictEqual(outputOf(reply), { results: ['recorded a', 'budget_exceeded/run', 'recorded c'] });
    },
  ),

  rule('time that is asked for, and progress, go through the context (V2)', [watching('scan')], async ({ invoker }) => {
    const context = new ScriptedContext();
    deepStrictEqual(outputOf(await invoker.invoke(aTask('scan'), context)), { now: 1_700_000_000_000 });
    ok(context.heard.includes('now start'), 'the time was asked of the context');
  }),

  rule('what an agent throws is a reply with its reason (V4)', [throwing('scan')], async ({ invoker }) => {
    const reply = await invoker.invoke(aTask('scan'), new ScriptedContext());
    deepStrictEqual(
      [reply.type, reply.type === 'AgentError' ? reply.error.reason : ''],
      ['AgentError', 'deadline_exceeded/node'],
    );
  }),

  rule('an agent that says what went wrong is heard', [failing('scan')], async ({ invoker }) => {
    const reply = await invoker.invoke(aTask('scan'), new ScriptedContext());
    deepStrictEqual([reply.type, reply.type === 'AgentError' ? reply.error.code : ''], ['AgentError', 'test_failed']);
  }),

  rule(
    'an agent hears that it has to stop, and the invocation settles (V3)',
    [waiting('scan')],
    async ({ invoker }) => {
      const controller = new AbortController();
      const context = new ScriptedContext({ signal: controller.signal });
      const reply = invoker.invoke(aTask('scan', { effects: ['started'] }), context);
      await context.until('effect started');
      controller.abort(new VltairError('cancelled/run'));
      deepStrictEqual(outputOf(await reply), { stopped: true });
    },
  ),

  rule('a suspended invocation holds no other one back (V3)', [acting('scan')], async ({ invoker }) => {
    const suspended = Array.from({ length: 20 }, () => new ScriptedContext({ suspends: 'a' }));
    for (const context of suspended) void invoker.invoke(aTask('scan', { effects: ['a'] }), context);
    await Promise.all(suspended.map((context) => context.until('effect a')));
    const reply = await invoker.invoke(aTask('scan', { effects: ['b'] }), new ScriptedContext());
    deepStrictEqual(outputOf(reply), { results: ['recorded b'] });
  }),

  rule('invocations side by side keep their contexts apart (V1)', [describing('scan')], async ({ invoker }) => {
    const contexts = Array.from({ length: 50 }, (_, index) => new ScriptedContext({ run: `run-${index}` }));
    const replies = await Promise.all(contexts.map((context) => invoker.invoke(aTask('scan'), context)));
    const runs = replies.map((reply) => runIn(outputOf(reply)));
    deepStrictEqual(
      runs,
      contexts.map(({ run }) => run),
    );
  }),
];

function rule(
  title: string,
  agents: readonly Agent[],
  work: (made: { readonly invoker: Invoker }) => Promise<void>,
): InvokerRule {
  const check = async (make: MakeInvoker): Promise<void> => {
    const made = await make(agents);
    try {
      await work(made);
    } finally {
      await made.close();
    }
  };
  return { title, check };
}

interface Script {
  readonly run?: string;
  readonly node?: string;
  readonly visit?: number;
  readonly attempt?: number;
  readonly incarnation?: number;
  readonly tree?: string;
  readonly signal?: AbortSignal;
  /** The effect of this name is out of budget. */
  readonly refuses?: string;
  /** The effect of this name never settles. */
  readonly suspends?: string;
}

/** The context of an attempt that nobody records: it does what its script says, and keeps what it was asked for. */
class ScriptedContext implements AgentContext {
  readonly run: string;
  readonly node: string;
  readonly visit: number;
  readonly attempt: number;
  readonly incarnation: number;
  readonly traceId = '0af7651916cd43dd8448eb211c80319c';
  readonly tree: string | undefined;
  readonly signal: AbortSignal;
  readonly heard: string[] = [];
  readonly specs: EffectSpec[] = [];
  readonly #script: Script;
  readonly #waiting = new Map<string, () => void>();

  constructor(script: Script = {}) {
    this.#script = script;
    this.run = script.run ?? 'run';
    this.node = script.node ?? 'node';
    this.visit = script.visit ?? 1;
    this.attempt = script.attempt ?? 1;
    this.incarnation = script.incarnation ?? 1;
    this.tree = script.tree;
    this.signal = script.signal ?? new AbortController().signal;
  }

  async effect<T extends Json>(spec: EffectSpec, call: (call: EffectCall) => Promise<T>): Promise<T> {
    this.specs.push(spec);
    this.#hear(`effect ${spec.name}`);
    if (spec.name === this.#script.suspends) return await new Promise<never>(() => {});
    if (spec.name === this.#script.refuses) throw new VltairError('budget_exceeded/run', { where: spec.name });
    const returned = await call(this.#callOf(spec));
    this.#hear(`returned ${JSON.stringify(returned)}`);
    return `recorded ${spec.name}` as T; // what is recorded is what is given, whatever the call gave
  }

  now(name: string): Promise<number> {
    this.#hear(`now ${name}`);
    return Promise.resolve(1_700_000_000_000);
  }

  progress(): void {}

  /** Resolves when this has been heard. */
  async until(word: string): Promise<void> {
    if (!this.heard.includes(word)) await new Promise<void>((resolve) => this.#waiting.set(word, resolve));
  }

  #hear(word: string): void {
    this.heard.push(word);
    this.#waiting.get(word)?.();
  }

  #callOf({ name }: EffectSpec): EffectCall {
    return {
      signal: this.signal,
      idempotencyKey: `key-${name}`,
      frame: () => this.#hear('frame'),
      spend: ({ calls = 0 }) => this.#hear(`spend ${calls}`),
      recordTokens: (count, kind) => this.#hear(`tokens ${count} ${kind}`),
    };
  }
}

function aTask(agent: string, input: Record<string, Json> = {}): AgentTask {
  return { type: 'AgentTask', id: 'task-1', protocolVersion: 1, agent, payload: { action: 'run', ...input } };
}

function specOf(name: string): EffectSpec {
  return {
    name,
    arguments: { of: name },
    summary: `does ${name}`,
    policy: 'once',
    reserve: { calls: 2 },
    clocks: { total: 60_000, firstFrame: 30_000 },
  };
}

type Work = (task: AgentTask, context: AgentContext) => Promise<Json>;

function anAgent(name: string, work: Work): Agent {
  const run = async (task: AgentTask, context: AgentContext): Promise<AgentResult> => {
    const output = asObject(await work(task, context));
    return agentResult({ task, agent: name, traceId: context.traceId, payload: { output, artifacts: [] } });
  };
  return { name, version: '1', description: `does ${name}`, run };
}

function answering(name: string): Agent {
  return anAgent(name, () => Promise.resolve({}));
}

function describing(name: string): Agent {
  return anAgent(name, (task, { run, node, visit, attempt, incarnation, traceId, tree }) =>
    Promise.resolve({
      task: asJson(task),
      context: asJson({ run, node, visit, attempt, incarnation, traceId, tree }),
    }),
  );
}

function acting(name: string): Agent {
  return anAgent(name, async (task, context) => {
    const results: Json[] = [];
    for (const effect of effectsOf(task)) results.push(await act(context, effect));
    return { results };
  });
}

function forgiving(name: string): Agent {
  return anAgent(name, async (task, context) => {
    const results: Json[] = [];
    for (const effect of effectsOf(task)) results.push(await act(context, effect).catch(reasonOf));
    return { results };
  });
}

function watching(name: string): Agent {
  return anAgent(name, async (_, context) => {
    context.progress({ message: 'half', done: 1, total: 2 });
    return { now: await context.now('start') };
  });
}

function throwing(name: string): Agent {
  return anAgent(name, () => Promise.reject(new VltairError('deadline_exceeded/node', { detail: 'too slow' })));
}

function failing(name: string): Agent {
  const run = (task: AgentTask, { traceId }: AgentContext): Promise<AgentError> =>
    Promise.resolve(agentError({ task, agent: name, traceId, failure: failure('test_failed/tests') }));
  return { ...answering(name), run };
}

function waiting(name: string): Agent {
  return anAgent(name, async (_, context) => {
    await act(context, 'started');
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    return { stopped: true };
  });
}

async function act(context: AgentContext, effect: string): Promise<string> {
  return await context.effect(specOf(effect), (call) => {
    call.frame();
    call.spend({ calls: 2 });
    call.recordTokens(3, 'llm');
    return Promise.resolve(`called ${effect} with ${call.idempotencyKey}`);
  });
}

function effectsOf({ payload }: AgentTask): readonly string[] {
  return Array.isArray(payload['effects']) ? payload['effects'].map(String) : [];
}

function reasonOf(error: unknown): string {
  return error instanceof VltairError ? error.reason : String(error);
}

function outputOf(reply: AgentResult | AgentError): Json {
  ok(reply.type === 'AgentResult', `the reply is a result, not ${JSON.stringify(reply)}`);
  return asJson(reply.payload.output);
}

function runIn(output: Json): Json {
  const { context } = asObject(output);
  return asObject(context ?? null)['run'] ?? null;
}

function asJson(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json;
}

function asObject(value: Json): Record<string, Json> {
  ok(typeof value === 'object' && value !== null && !Array.isArray(value), 'an object');
  return value as Record<string, Json>;
}
