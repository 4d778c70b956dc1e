import { z } from 'zod';
import { storedJson, type Json, type JsonObject } from '../canonical-json.ts';
import type { EventHeader, EventKind } from '../chain.ts';
import { VltairError } from '../errors.ts';
import { approvalDecisionSchemas } from './approval.ts';
import { effectFactSchemas } from './effect.ts';
import { nodeDecisionSchemas, nodeFactSchemas } from './node.ts';
import { runDecisionSchemas, runFactSchemas } from './run.ts';
import { stamp, upcast, withoutVersion, type Upcaster } from './upcast.ts';

/** Something that happened; always appended, also after the end of the run. */
export const factSchema = z.discriminatedUnion('type', [...runFactSchemas, ...nodeFactSchemas, ...effectFactSchemas]);
export type Fact = z.infer<typeof factSchema>;

/** What the machine concluded from a fact. */
export const decisionSchema = z.discriminatedUnion('type', [
  ...runDecisionSchemas,
  ...nodeDecisionSchemas,
  ...approvalDecisionSchemas,
]);
export type Decision = z.infer<typeof decisionSchema>;

export type EventPayload = Fact | Decision;
export type EventType = EventPayload['type'];
export type FactOf<T extends Fact['type']> = Extract<Fact, { type: T }>;
export type DecisionOf<T extends Decision['type']> = Extract<Decision, { type: T }>;

/** An event as the machine folds it: its place and time, and what happened or was decided. */
export interface RunEvent<P extends EventPayload = EventPayload> {
  readonly run: string;
  readonly seq: number;
  readonly ts: number;
  readonly epoch: number;
  readonly kind: EventKind;
  readonly payload: P;
}

/** An event as a store holds it. */
export interface StoredEvent extends RunEvent {
  /** Number of the event in the whole store, in commit order. */
  readonly position: number;
  readonly header: EventHeader;
  readonly hash: string;
}

const factTypes: ReadonlySet<string> = new Set(factSchema.options.map((option) => option.shape.type.value));

export function isFact(payload: EventPayload): payload is Fact {
  return factTypes.has(payload.type);
}

export function kindOf(payload: EventPayload): EventKind {
  return isFact(payload) ? 'fact' : 'decision';
}

/** The upcasters of each type whose form has changed. */
const upcasters: { readonly [T in EventType]?: readonly Upcaster[] } = {
  /** 2: says who had it written. */
  'tree.applied': [(payload) => ({ ...payload, by: 'unknown' })],
};

/** The text of a payload that is stored, hashed and exported (C3). @throws TypeError for what JSON cannot hold. */
export function payloadText(payload: EventPayload): string {
  return storedJson(stamp(upcasters, payload.type, payload));
}

/**
 * What a stored event says, in today's form, whichever version wrote it: the one way from a log into the product.
 *
 * @throws VltairError `unavailable/store_newer` naming run, seq and type. The chain holds for what is read, so whoever
 * wrote what this version does not know knew it: a newer version.
 */
export function readPayload({ run, seq, kind, type }: EventHeader, text: string): EventPayload {
  try {
    const payload = withoutVersion(upcast(upcasters, type, objectIn(text)));
    return kind === 'fact' ? factSchema.parse(payload) : decisionSchema.parse(payload);
  } catch (cause) {
    const detail = `event ${seq} of run ${run} is a ${type} that this version does not know: ${whyUnknown(cause)}`;
    throw new VltairError('unavailable/store_newer', { detail, where: `${run}:${seq}`, cause });
  }
}

function objectIn(text: string): JsonObject {
  const value = JSON.parse(text) as Json;
  if (isJsonObject(value)) return value;
  throw new TypeError('it is no JSON object');
}

function isJsonObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function whyUnknown(cause: unknown): string {
  if (!(cause instanceof z.ZodError)) return cause instanceof Error ? cause.message : String(cause);
  return cause.issues.map(({ path, message }) => [...path.map(String), message].join(': ')).join('; ');
}
