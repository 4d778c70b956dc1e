import { createHash } from 'node:crypto';
import { validateHeaderValue } from 'node:http';
import type { Agent, AgentContext, EffectCall } from '@vltair/core';
import {
  agentResult,
  jsonSchema,
  VltairError,
  wellFormed,
  type AgentResult,
  type AgentTask,
  type AmbiguityPolicy,
  type Json,
} from '@vltair/protocol';
import { z } from 'zod';
import { followRedirects, type HttpAnswer } from '../http/follow-redirects.ts';
import { HostAllowList } from '../http/host-allow-list.ts';
import { networkFailure, unknownWhether } from '../http/network-failure.ts';
import type { HttpRequest } from '../http/send-request.ts';
import { actionsOf } from './agent-actions.ts';
import { httpFieldsSchema, httpInputSchema, type HttpInput } from './http-input.ts';
import { parseInput } from './project-input.ts';
import { SecretHandles } from './secret-handles.ts';

export interface HttpOptions {
  /** `host` or `host:port`; empty: every request is refused. */
  readonly allow: readonly string[];
  /** Where secrets are: `VLTAIR_SECRET_NAME`. */
  readonly environment: Readonly<Record<string, string | undefined>>;
}

const answerSchema = z.strictObject({
  status: z.int(),
  /** After redirects. */
  url: z.string(),
  /** By lower-case name, without cookies. */
  headers: z.record(z.string(), z.string()),
  body: z.string().exactOptional(),
  /** In place of `body`, of one that is no UTF-8 text. */
  bodyBase64: z.string().exactOptional(),
});
type Answer = z.infer<typeof answerSchema>;
const outputSchema = answerSchema.extend({
  /** The body, where the answer says that it is JSON. */
  json: jsonSchema.exactOptional(),
});

/** The host asks to be left alone for a while. */
const BUSY: readonly number[] = [429, 503];

/** Sends one request to a host that the configuration allows. */
export function createHttp({ allow, environment }: HttpOptions): Agent {
  const allowList = new HostAllowList(allow);
  const signals = ['success', 'client_error', 'server_error'];
  return {
    name: 'http',
    version: '1',
    description: 'Sends a request to a host that the configuration allows.',
    ...actionsOf({
      request: { input: httpInputSchema, described: httpFieldsSchema, output: outputSchema, signals },
    }),
    run: async (task, context) => await http(allowList, environment, task, context),
  };
}

async function http(
  allowList: HostAllowList,
  environment: HttpOptions['environment'],
  task: AgentTask,
  context: AgentContext,
): Promise<AgentResult> {
  const input = parseInput(httpInputSchema, task);
  const url = new URL(input.url);
  allowList.check(url);
  const answer = await sendOnce(input, url, context, async (call) => await send(allowList, environment, input, call));
  return agentResult({
    task,
    agent: 'http',
    traceId: context.traceId,
    payload: { signal: signalOf(answer), output: { ...answer, ...jsonOf(answer) }, artifacts: [] },
  });
}

async function sendOnce(
  input: HttpInput,
  { origin, pathname, host }: URL,
  context: AgentContext,
  call: (call: EffectCall) => Promise<Json>,
): Promise<Answer> {
  const { method, timeoutMs, firstByteMs = timeoutMs, idleMs = timeoutMs } = input;
  const policy = policyOf(input);
  const { url, headers, body = null, maxBytes } = input;
  const spec = {
    name: 'send request',
    arguments: { method, url, headers, body, maxBytes },
    summary: `${method} ${origin}${pathname}`.slice(0, 200),
    policy,
    clocks: {
      total: timeoutMs,
      firstFrame: Math.min(firstByteMs, timeoutMs),
      betweenFrames: Math.min(idleMs, timeoutMs),
    },
  };
  try {
    return answerSchema.parse(await context.effect(spec, call));
  } catch (error) {
    // the clock ends a call without asking how far it had come
    const isTimeout = error instanceof VltairError && error.reason === 'timeout/call';
    throw isTimeout && policy === 'once' ? unknownWhether(`${host}: ${error.message}`, error) : error;
  }
}

function policyOf({ method, idempotencyKey }: HttpInput): AmbiguityPolicy {
  if (method === 'GET' || method === 'HEAD') return 'repeatable';
  return idempotencyKey ? 'keyed' : 'once';
}

async function send(
  allowList: HostAllowList,
  environment: HttpOptions['environment'],
  input: HttpInput,
  call: EffectCall,
): Promise<Json> {
  const secrets = new SecretHandles(environment);
  const { request, secretHeaders } = requestOf(input, secrets, call.idempotencyKey);
  let isSent = false;
  const sending = {
    allowList,
    maxBytes: input.maxBytes,
    signal: call.signal,
    onFrame: () => call.frame(),
    onSent: () => (isSent = true),
  };
  try {
    const answer = await followRedirects(request, sending, secretHeaders);
    if (BUSY.includes(answer.status))
      throw new VltairError('transient/agent', { detail: `${answer.url.host} answers ${answer.status}` });
    return recordOf(answer, secrets);
  } catch (error) {
    throw networkFailure(error, request.url.host, !isSent || policyOf(input) !== 'once');
  }
}

function requestOf(
  { method, url, headers, body, idempotencyKey }: HttpInput,
  secrets: SecretHandles,
  key: string,
): { readonly request: HttpRequest; readonly secretHeaders: ReadonlySet<string> } {
  const given = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  const request: HttpRequest = {
    method,
    url: withoutFragment(url),
    headers: {
      ...(body === undefined || typeof body === 'string' ? {} : { 'content-type': 'application/json' }),
      ...Object.fromEntries(given.map(([name, value]) => [name, headerOf(name, secrets.resolve(value))])),
      ...(idempotencyKey ? { 'idempotency-key': createHash('sha256').update(key).digest('hex') } : {}),
    },
    body: text,
  };
  const secretHeaders = given.filter(([, value]) => typeof value !== 'string').map(([name]) => name);
  return { request, secretHeaders: new Set(secretHeaders) };
}

/** The message names the header alone: the value may be a secret. */
function headerOf(name: string, value: string): string {
  try {
    validateHeaderValue(name, value);
    return value;
  } catch (cause) {
    const detail = `headers.${name} has a character that no header can have`;
    throw new VltairError('invalid_argument/agent_input', { detail, where: `headers.${name}`, cause });
  }
}

function withoutFragment(text: string): URL {
  const url = new URL(text);
  url.hash = '';
  return url;
}

function recordOf({ status, url, headers, body }: HttpAnswer, secrets: SecretHandles): Json {
  const shown = Object.entries(headers).filter(([name]) => name !== 'set-cookie');
  const record: Answer = {
    status,
    url: secrets.hide(url.href),
    headers: Object.fromEntries(shown.map(([name, value]) => [name, secrets.hide(String(value))])),
    ...textOf(body, secrets),
  };
  return wellFormed(record);
}

function textOf(body: Buffer, secrets: SecretHandles): Pick<Answer, 'body' | 'bodyBase64'> {
  try {
    return { body: secrets.hide(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch {
    return { bodyBase64: secrets.hideBytes(body).toString('base64') }; // not text: that is all there is to say
  }
}

function signalOf({ status }: Answer): 'success' | 'client_error' | 'server_error' {
  if (status < 400) return 'success';
  return status < 500 ? 'client_error' : 'server_error';
}

/** A body that is not what its type says stays text. */
function jsonOf({ headers, body }: Answer): { readonly json?: Json } {
  if (body === undefined || !/^application\/(?:[\w.+-]+\+)?json\b/i.test(headers['content-type'] ?? '')) return {};
  try {
    return { json: jsonSchema.parse(JSON.parse(body)) };
  } catch {
    return {}; // the type was wrong, and the text is there
  }
}
