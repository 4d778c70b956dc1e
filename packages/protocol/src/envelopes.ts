import { z } from 'zod';
import { artifactSchema } from './artifacts/artifact.ts';
import type { Json, JsonObject } from './canonical-json.ts';
import { sanitizeFailure, VltairError, type Failure } from './errors.ts';
import { failureSchema } from './failure-schema.ts';
import { isTraceId } from './ids.ts';
import { sanitizeValue, type RedactionSettings } from './secrets.ts';

/** The three messages between the runtime and agents. Schemas only change backward-compatibly within a version. */
export const PROTOCOL_VERSION = 1;

export const jsonSchema: z.ZodType<Json> = z.lazy(() =>
  z.union([z.null(), z.boolean(), z.number(), z.string(), z.array(jsonSchema), z.record(z.string(), jsonSchema)]),
);
export const jsonObjectSchema: z.ZodType<JsonObject> = z.record(z.string(), jsonSchema);

export const traceIdSchema = z.string().refine(isTraceId, { message: 'is not a W3C trace id (32 hex digits)' });
const nameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,63}$/, { message: 'is not a name (lower-case words with dashes)' });

const envelope = { id: z.string().min(1).max(200), protocolVersion: z.literal(PROTOCOL_VERSION) };

export const agentTaskSchema = z.strictObject({
  ...envelope,
  type: z.literal('AgentTask'),
  /** Absent: routed to the least-loaded agent that offers the action. */
  agent: nameSchema.exactOptional(),
  payload: z.object({ action: z.string().min(1) }).catchall(jsonSchema),
  constraints: z.strictObject({ timeoutMs: z.int().positive().exactOptional() }).exactOptional(),
  traceId: traceIdSchema.exactOptional(),
});
export type AgentTask = z.infer<typeof agentTaskSchema>;

/** The whole new content of one file; `null` removes it. */
const documentSchema = z.strictObject({ path: z.string().min(1).max(4096), content: z.string().nullable() });
export type DocumentChange = z.infer<typeof documentSchema>;

export const agentResultSchema = z.strictObject({
  ...envelope,
  type: z.literal('AgentResult'),
  taskId: z.string().min(1),
  traceId: traceIdSchema,
  agent: nameSchema,
  payload: z.strictObject({
    /** What the node's routes switch on; `success` when the agent has nothing to say. */
    signal: z.string().regex(/^[a-z][a-z0-9_]{0,63}$/),
    /** Plain data that later nodes refer to as `{{node.output.path}}`. */
    output: jsonObjectSchema,
    /** A proposed change; the runtime applies it to the run's workspace, never the agent itself. */
    delta: z.strictObject({ doc: documentSchema }).exactOptional(),
    artifacts: z.array(artifactSchema),
    newTasks: z.array(agentTaskSchema).exactOptional(),
  }),
});
export type AgentResult = z.infer<typeof agentResultSchema>;

export const agentErrorSchema = z.strictObject({
  ...envelope,
  type: z.literal('AgentError'),
  taskId: z.string().min(1),
  traceId: traceIdSchema,
  agent: nameSchema,
  error: failureSchema,
  /** What helps a person to understand it; redacted, bounded. */
  diagnostics: jsonObjectSchema,
});
export type AgentError = z.infer<typeof agentErrorSchema>;

/** A task that passed its schema. @throws VltairError `invalid_argument/envelope` or `/protocol_version`, naming the field. */
export function parseAgentTask(value: unknown): AgentTask {
  return parseEnvelope(agentTaskSchema, value);
}

export function parseAgentResult(value: unknown): AgentResult {
  return parseEnvelope(agentResultSchema, value);
}

export function parseAgentError(value: unknown): AgentError {
  return parseEnvelope(agentErrorSchema, value);
}

export interface AgentErrorInput {
  readonly task: { readonly id: string };
  readonly agent: string;
  readonly traceId: string;
  readonly failure: Failure;
  readonly diagnostics?: JsonObject;
}

/** The one factory of error envelopes: equal input gives equal bytes; the words of the failure and the diagnostics are redacted. */
export function agentError(input: AgentErrorInput, redaction: RedactionSettings = {}): AgentError {
  return parseAgentError({
    type: 'AgentError',
    id: `${input.task.id}:error`,
    protocolVersion: PROTOCOL_VERSION,
    taskId: input.task.id,
    traceId: input.traceId,
    agent: input.agent,
    error: sanitizeFailure(input.failure, redaction),
    diagnostics: sanitizeValue(input.diagnostics ?? {}, redaction),
  });
}

export interface AgentResultInput {
  readonly task: { readonly id: string };
  readonly agent: string;
  readonly traceId: string;
  readonly payload: Omit<AgentResult['payload'], 'signal'> & { readonly signal?: string };
}

/** The one factory of result envelopes; checked before anything is applied. */
export function agentResult(input: AgentResultInput): AgentResult {
  return parseAgentResult({
    type: 'AgentResult',
    id: `${input.task.id}:result`,
    protocolVersion: PROTOCOL_VERSION,
    taskId: input.task.id,
    traceId: input.traceId,
    agent: input.agent,
    payload: { ...input.payload, signal: input.payload.signal ?? 'success' },
  });
}

function parseEnvelope<T>(schema: z.ZodType<T>, value: unknown): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = issue === undefined || issue.path.length === 0 ? 'envelope' : issue.path.map(String).join('.');
  if (where === 'protocolVersion') throw new VltairError('invalid_argument/protocol_version', { where });
  throw new VltairError('invalid_argument/envelope', { detail: `${where}: ${issue?.message ?? 'invalid'}`, where });
}
