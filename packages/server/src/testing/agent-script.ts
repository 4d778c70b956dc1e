import type { AgentAction, AgentContext } from '@vltair/core';
import type { AgentResult, DocumentChange, Json, JsonObject } from '@vltair/protocol';

/** Milliseconds, or a duration such as `90s` or `1h30m`. */
export type TimeSpan = string | number;

/** What a script has of the outside: the ledger, the files and the time of the run that it plays in. */
export interface ScriptContext extends AgentContext {
  readonly agent: string;
  readonly action: string;
  /** The workspace that the attempt works from: contents by path. */
  readonly files: Readonly<Record<string, string>>;
  /** Waits that long on the clock of the test, which jumps there. Rejects when the attempt has to stop. */
  sleep(span: TimeSpan): Promise<void>;
  /** Hangs until the attempt has to stop, and rejects then: for timeouts and cancellations. */
  hang(): Promise<never>;
}

type Payload = AgentResult['payload'];

export interface AnswerDetails<Signal extends string = string> {
  /** Default: what the agent says of itself where it went well, `success`. */
  readonly signal?: Signal;
  readonly artifacts?: Payload['artifacts'];
  /** A file as it shall be; content `null` removes it. */
  readonly change?: DocumentChange;
  /** Tasks that the agent proposes; they run where the workflow has `taskAgents`. */
  readonly newTasks?: readonly { readonly agent: string; readonly action?: string; readonly input?: JsonObject }[];
}

/** An answer that is more than its output; {@link answer} makes one. */
export class Answer<Output = Json, Signal extends string = string> {
  readonly output: Output;
  readonly details: AnswerDetails<Signal>;

  constructor(output: Output, details: AnswerDetails<Signal>) {
    this.output = output;
    this.details = details;
  }
}

/**
 * An answer with a signal, artifacts, a change of a file or new tasks.
 *
 * @example
 * agents: { scanner: answer({ total: 3 }, { signal: 'dirty' }) }
 */
export function answer<Output, const Signal extends string = string>(
  output: Output,
  details: AnswerDetails<Signal> = {},
): Answer<Output, Signal> {
  return new Answer(output, details);
}

type Reply<Output, Signal extends string> = Output | Answer<Output, Signal>;

/**
 * What an agent does in a test: an output, an {@link answer}, an error that it fails with, a function of its input, or a
 * list of these for one attempt after the other. A `VltairError` fails with its own reason, and is tried again where
 * the catalogue calls that retryable; any other error is `internal/unexpected`.
 */
export type AgentScript<Input = JsonObject, Output = JsonObject, Signal extends string = string> =
  ScriptStep<Input, Output, Signal> | readonly ScriptStep<Input, Output, Signal>[];

type ScriptStep<Input, Output, Signal extends string> = Reply<Output, Signal> | Error | Handler<Input, Output, Signal>;

/** Scripts by agent, or by agent and action (`writer/erase`), which goes first. */
export type AgentScripts = Readonly<Record<string, AgentScript>>;

/**
 * The script of one action, with the types that the workflow was defined with; what comes in and goes out is held to
 * its schemas too.
 *
 * @example
 * agents: { ...scripted(scan, ({ paths }) => ({ total: paths.length })) }
 */
export function scripted<Input, Output, Signal extends string = string>(
  action: AgentAction<Input, Output, Signal>,
  script: AgentScript<NoInfer<Input>, NoInfer<Output>, NoInfer<Signal>>,
): AgentScripts {
  const steps = isSequence(script) ? script.map((step) => heldTo(action, step)) : heldTo(action, script);
  return { [`${action.agent}/${action.action}`]: steps };
}

function heldTo<Input, Output, Signal extends string>(
  { input, output }: AgentAction<Input, Output, Signal>,
  step: ScriptStep<Input, Output, Signal>,
): ScriptStep<JsonObject, JsonObject, string> {
  return async (given, context) => {
    const reply = await replyOf(step, input === undefined ? (given as Input) : input.parse(given), context);
    return new Answer(jsonOf(output === undefined ? reply.output : output.parse(reply.output)), reply.details);
  };
}

/** What a step answers. @throws what it throws, and the error that it is. */
export async function replyOf<Input, Output, Signal extends string>(
  step: ScriptStep<Input, Output, Signal>,
  input: Input,
  context: ScriptContext,
): Promise<Answer<Output, Signal>> {
  if (step instanceof Error) throw step;
  const reply: Reply<Output, Signal> = isHandler(step) ? await step(input, context) : step;
  return isAnswer(reply) ? reply : new Answer<Output, Signal>(reply, {});
}

export function isSequence<Input, Output, Signal extends string>(
  script: AgentScript<Input, Output, Signal>,
): script is readonly ScriptStep<Input, Output, Signal>[] {
  return Array.isArray(script);
}

type Handler<Input, Output, Signal extends string> = (
  input: Input,
  context: ScriptContext,
) => Reply<Output, Signal> | Promise<Reply<Output, Signal>>;

/** An output is data: what can be called is a handler. */
function isHandler<Input, Output, Signal extends string>(
  step: ScriptStep<Input, Output, Signal>,
): step is Handler<Input, Output, Signal> {
  return typeof step === 'function';
}

function isAnswer<Output, Signal extends string>(reply: Reply<Output, Signal>): reply is Answer<Output, Signal> {
  return reply instanceof Answer;
}

/** The output as the log will have it. */
function jsonOf(output: unknown): JsonObject {
  return JSON.parse(JSON.stringify(output ?? {})) as JsonObject;
}
