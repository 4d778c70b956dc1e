import type { AgentRegistry } from '@vltair/agents';
import type { AgentContext, Invoker } from '@vltair/core';
import {
  agentError,
  agentResult,
  failureOf,
  jsonObjectSchema,
  PROTOCOL_VERSION,
  timeSpanSchema,
  VltairError,
  type AgentError,
  type AgentResult,
  type AgentTask,
  type JsonObject,
} from '@vltair/protocol';
import { z } from 'zod';
import {
  Answer,
  isSequence,
  replyOf,
  type AgentScript,
  type AgentScripts,
  type AnswerDetails,
  type ScriptContext,
  type TimeSpan,
} from './agent-script.ts';
import { builtInCalls, type BuiltInCall } from './built-in-calls.ts';

/** What an agent was given: one time that its script was played. What the log answered after a crash is none. */
export interface AgentCall<Input = JsonObject> {
  readonly run: string;
  /** Path of the node. */
  readonly node: string;
  readonly visit: number;
  readonly attempt: number;
  /** 2 is the first one after a crash. */
  readonly incarnation: number;
  readonly agent: string;
  readonly action: string;
  readonly input: Input;
}

/** An attempt that an agent has in hand. */
export interface Flight extends AgentCall {
  /** Its script waits for the clock of the test, in that many places. */
  readonly waits: number;
}

export interface ScriptedAgentsParts {
  readonly scripts: AgentScripts;
  /** The agents of the product: inputs are held to theirs, and those without effects work themselves. */
  readonly builtIn: AgentRegistry;
  readonly filesOf: (tree: string | undefined) => Readonly<Record<string, string>>;
  /** Calls back after that many milliseconds of the test's clock. */
  readonly after: (milliseconds: number, callback: () => void) => { cancel(): void };
  /** The test itself is wrong: it has no answer. */
  readonly fault: (error: VltairError) => void;
  /** Something began, ended or went to sleep. */
  readonly stirred: () => void;
}

/** Built-in agents that act on nothing: they work in tests as they do in runs. */
const SELF_ACTING: ReadonlySet<string> = new Set(['transform']);

/** An {@link Answer} as the log has it; only what an answer was recorded as comes back. */
const recordedSchema = z.object({ output: jsonObjectSchema, details: z.custom<AnswerDetails>() });

/** Plays scripts in the place of agents. */
export class ScriptedAgents implements Invoker {
  readonly #parts: ScriptedAgentsParts;
  readonly #calls: AgentCall[] = [];
  readonly #flights = new Set<OpenFlight>();
  readonly #places = new Map<AgentScript, string[]>();

  constructor(parts: ScriptedAgentsParts) {
    this.#parts = parts;
  }

  get calls(): readonly AgentCall[] {
    return this.#calls;
  }

  get flights(): Iterable<Flight> {
    return this.#flights;
  }

  /** The process is gone, and what its agents still do with it. */
  forgetFlights(): void {
    this.#flights.clear();
  }

  has(agent: string): boolean {
    const { scripts } = this.#parts;
    return SELF_ACTING.has(agent) || Object.keys(scripts).some((key) => key === agent || key.startsWith(`${agent}/`));
  }

  /** Whether somebody answers for that action; without one: for any. */
  covers(agent: string, action?: string): boolean {
    if (action === undefined) return this.has(agent);
    return SELF_ACTING.has(agent) || this.#scriptOf(agent, action) !== undefined;
  }

  async invoke(task: AgentTask, context: AgentContext): Promise<AgentResult | AgentError> {
    const flight = openFlight(task, context);
    this.#flights.add(flight);
    this.#parts.stirred();
    try {
      return await this.#answer(flight, task, context);
    } catch (error) {
      const { agent } = flight;
      return agentError({ task, agent, traceId: context.traceId, failure: failureOf(error) });
    } finally {
      this.#flights.delete(flight);
      this.#parts.stirred();
    }
  }

  async #answer(flight: OpenFlight, task: AgentTask, context: AgentContext): Promise<AgentResult | AgentError> {
    const { builtIn } = this.#parts;
    const { agent, action, input } = flight;
    const script = this.#scriptOf(agent, action);
    if (script === undefined && SELF_ACTING.has(agent)) {
      this.#calls.push(flight.call);
      return await builtIn.invoke(task, context);
    }
    if (builtIn.has(agent)) builtIn.validate(task);
    const call = builtInCalls[`${agent}/${action}`];
    const play = async (): Promise<Answer<JsonObject>> => {
      this.#calls.push(flight.call);
      return await replyOf(this.#stepOf(script, flight), input, this.#contextOf(flight, context));
    };
    const reply = call === undefined ? await play() : await this.#through(call, flight, context, play);
    return agentResult({ task, agent, traceId: context.traceId, payload: this.#payloadOf(flight, reply) });
  }

  /** What the agent does is one call of the ledger: it may be asked for, refused, charged, and answered from the log. */
  async #through(
    call: BuiltInCall,
    { agent, input }: OpenFlight,
    context: AgentContext,
    play: () => Promise<Answer<JsonObject>>,
  ): Promise<Answer<JsonObject>> {
    const spec = {
      name: call.effect,
      arguments: input,
      summary: `${agent}, as the test says`,
      policy: call.policy(input),
      clocks: { total: call.total(input) },
    };
    const recorded = await context.effect(spec, async () => {
      const { output, details } = await play();
      return jsonObjectSchema.parse({ output, details });
    });
    const { output, details } = recordedSchema.parse(recorded);
    const whole = { ...call.output, ...output };
    return new Answer(whole, { signal: call.signal(whole), ...details });
  }

  #payloadOf({ agent, action, id }: OpenFlight, { output, details }: Answer<JsonObject>): AgentResult['payload'] {
    const { signal = 'success', artifacts = [], change, newTasks } = details;
    const { signals } = this.#parts.builtIn.schemasOf(agent, action) ?? {};
    if (signals !== undefined && !signals.includes(signal))
      throw this.#fault(`${agent} ${action} never gives the signal "${signal}", only ${signals.join(', ')}`);
    const tasks = newTasks?.map((proposed, index): AgentTask => {
      const payload = { ...proposed.input, action: proposed.action ?? 'run' };
      return {
        type: 'AgentTask',
        id: `${id}+${index}`,
        protocolVersion: PROTOCOL_VERSION,
        agent: proposed.agent,
        payload,
      };
    });
    return {
      signal,
      output: output ?? {},
      artifacts: [...artifacts],
      ...(change === undefined ? {} : { delta: { doc: change } }),
      ...(tasks === undefined ? {} : { newTasks: tasks }),
    };
  }

  #scriptOf(agent: string, action: string): AgentScript | undefined {
    const { scripts } = this.#parts;
    const key = [`${agent}/${action}`, agent].find((name) => Object.hasOwn(scripts, name));
    return key === undefined ? undefined : scripts[key];
  }

  /** Of a sequence, each attempt takes the next; the same attempt after a crash takes the same again. */
  #stepOf(script: AgentScript | undefined, flight: OpenFlight) {
    const { agent, node } = flight;
    if (script === undefined) throw this.#fault(`node ${node} needs the agent ${agent}, which has no script`);
    if (!isSequence(script)) return script;
    const places = this.#places.get(script) ?? [];
    this.#places.set(script, places);
    if (!places.includes(flight.attemptKey)) places.push(flight.attemptKey);
    const index = places.indexOf(flight.attemptKey);
    const step = script[index];
    if (step !== undefined) return step;
    throw this.#fault(`the script of ${agent} has ${script.length} answers; node ${node} asks for number ${index + 1}`);
  }

  #fault(detail: string): VltairError {
    const error = new VltairError('invalid_argument/test_script', { detail });
    this.#parts.fault(error);
    return error;
  }

  #contextOf(flight: OpenFlight, context: AgentContext): ScriptContext {
    const { run, node, visit, attempt, incarnation, traceId, tree, signal } = context;
    return {
      ...{ run, node, visit, attempt, incarnation, traceId, tree, signal },
      agent: flight.agent,
      action: flight.action,
      files: this.#parts.filesOf(tree),
      effect: (spec, call) => context.effect(spec, call),
      now: (name) => context.now(name),
      progress: (progress) => context.progress(progress),
      sleep: (span) => this.#wait(flight, signal, millisecondsOf(span)),
      hang: async () => {
        await this.#wait(flight, signal, undefined);
        throw new VltairError('cancelled/run');
      },
    };
  }

  /** Until the time has passed, or the attempt has to stop. */
  async #wait(flight: OpenFlight, signal: AbortSignal, milliseconds: number | undefined): Promise<void> {
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<undefined>();
    const stop = (): void => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
    const { after, stirred } = this.#parts;
    const timer = milliseconds === undefined ? undefined : after(milliseconds, () => resolve(undefined));
    flight.waits += 1;
    stirred();
    try {
      await promise;
    } finally {
      flight.waits -= 1;
      timer?.cancel();
      signal.removeEventListener('abort', stop);
      stirred();
    }
  }
}

interface OpenFlight extends Flight {
  readonly call: AgentCall;
  /** Equal for all incarnations of an attempt. */
  readonly attemptKey: string;
  readonly id: string;
  waits: number;
}

function openFlight(
  { id, agent = '', payload }: AgentTask,
  { run, node, visit, attempt, incarnation }: AgentContext,
): OpenFlight {
  const { action, ...input } = payload;
  const call = { run, node, visit, attempt, incarnation, agent, action, input: jsonObjectSchema.parse(input) };
  return { ...call, call, attemptKey: `${run} ${node}#${visit} a${attempt}`, id, waits: 0 };
}

/** @throws VltairError `invalid_argument/test_script` for what is no time span. */
export function millisecondsOf(span: TimeSpan): number {
  const parsed = timeSpanSchema.safeParse(span);
  if (parsed.success) return parsed.data;
  throw new VltairError('invalid_argument/test_script', { detail: `${span} is no time span such as 90s or 1h30m` });
}
