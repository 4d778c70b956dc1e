import { jsonObjectSchema, tenantSchema, VltairError, type JsonObject, type Workflow } from '@vltair/protocol';
import { z } from 'zod';
import type { ForkRequest, StartRequest } from './start-request.ts';

/**
 * What a process asks of the owner of a store that is no command to the machine. `start`: begin the run, whose id the
 * asker made; one that `joins` gives way to an unfinished run of its join key. `fork`: the same with what another run
 * had come to. `take_up`: go on with an unfinished run. `record_applied`: the asker has written the run's change.
 */
export type Errand =
  | {
      readonly type: 'start';
      readonly joins: boolean;
      readonly request: Omit<StartRequest, 'run' | 'parent' | 'forkedFrom'>;
    }
  | { readonly type: 'fork'; readonly request: Omit<ForkRequest, 'run'> }
  | { readonly type: 'take_up' }
  | { readonly type: 'record_applied'; readonly applied: AppliedTree };

/** A change of a run that somebody had written into a directory. */
export interface AppliedTree {
  readonly by: string;
  readonly directory: string;
  readonly treeBefore: string;
  readonly treeAfter: string;
  readonly files: readonly string[];
}

const text = z.string();
const nodes = z.array(
  z.looseObject({
    id: text,
    needs: z.array(text),
    routes: z.array(z.looseObject({ on: text })),
    input: z.looseObject({}),
  }),
);
const flow = { nodes: nodes.min(1), finally: nodes.optional(), budget: z.looseObject({}) };
const sent = z.looseObject({ name: text, ...flow, workflows: z.record(text, z.looseObject(flow)).optional() });
/** As its sender parsed it, which need not be of this version; its graph is checked when a run is to begin, or to go on, with it. */
export const workflowSchema = z.custom<Workflow>((value) => sent.safeParse(value).success, 'is no workflow');

const errandSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('start'),
    joins: z.boolean(),
    request: z.strictObject({
      workflow: workflowSchema,
      input: jsonObjectSchema,
      traceId: text,
      title: text,
      joinKey: text.exactOptional(),
      tenant: tenantSchema.exactOptional(),
      tree: text.exactOptional(),
    }),
  }),
  z.strictObject({
    type: z.literal('fork'),
    request: z.strictObject({
      from: text,
      node: text,
      traceId: text,
      input: jsonObjectSchema.exactOptional(),
      workflow: workflowSchema.exactOptional(),
    }),
  }),
  z.strictObject({ type: z.literal('take_up') }),
  z.strictObject({
    type: z.literal('record_applied'),
    applied: z.strictObject({
      by: text.min(1),
      directory: text,
      treeBefore: text,
      treeAfter: text,
      files: z.array(text),
    }),
  }),
]);

const TYPES: ReadonlySet<unknown> = new Set(errandSchema.options.map(({ shape }) => shape.type.value));

/** `undefined` for what is no errand. @throws VltairError `invalid_argument/envelope` naming the field of one that is none of ours. */
export function parseErrand(value: JsonObject): Errand | undefined {
  if (!TYPES.has(value['type'])) return undefined;
  const parsed = errandSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue?.path.map(String).join('.') ?? '';
  throw new VltairError('invalid_argument/envelope', { detail: `${where} ${issue?.message ?? ''}`.trim(), where });
}
