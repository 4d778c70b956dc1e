import { z } from 'zod';
import type { EventHeader, EventKind } from '../chain.ts';
import { effectFactSchemas } from './effect.ts';
import { nodeDecisionSchemas, nodeFactSchemas } from './node.ts';
import { runDecisionSchemas, runFactSchemas } from './run.ts';

/** Something that happened; always appended, also after the end of the run. */
export const factSchema = z.discriminatedUnion('type', [...runFactSchemas, ...nodeFactSchemas, ...effectFactSchemas]);
export type Fact = z.infer<typeof factSchema>;

/** What the machine concluded from a fact. */
export const decisionSchema = z.discriminatedUnion('type', [...runDecisionSchemas, ...nodeDecisionSchemas]);
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

/** The payload of a stored event. @throws ZodError when it is none: the store was written by something else. */
export function parsePayload(kind: EventKind, value: unknown): EventPayload {
  return kind === 'fact' ? factSchema.parse(value) : decisionSchema.parse(value);
}
