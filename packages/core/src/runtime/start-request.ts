import {
  jsonObjectSchema,
  VltairError,
  type FactOf,
  type JsonObject,
  type Manifest,
  type Workflow,
} from '@vltair/protocol';
import { fitForm } from '../machine/signal-form.ts';

type Created = FactOf<'run.created'>;

export interface StartRequest {
  readonly run: string;
  readonly workflow: Workflow;
  readonly input: JsonObject;
  readonly traceId: string;
  readonly title: string;
  readonly joinKey?: string;
  readonly tenant?: string;
  readonly tree?: string;
  /** Of the child of a `subrun` node. */
  readonly parent?: NonNullable<Created['parent']>;
  /** What the run takes over of another one. */
  readonly forkedFrom?: NonNullable<Created['forkedFrom']>;
  /** Of the child of a restored run. */
  readonly restored?: NonNullable<Created['restored']>;
}

/** What the runtime adds to a request. */
export interface Beginning {
  readonly epoch: number;
  readonly manifest: Manifest;
  readonly inboxId: string | undefined;
}

export interface ForkRequest {
  /** The id of the new run. */
  readonly run: string;
  readonly from: string;
  /** The node that the new run begins with; everything that does not follow from it is taken over. */
  readonly node: string;
  readonly traceId: string;
  /** Absent: that of the run that it is forked from. */
  readonly input?: JsonObject;
  readonly workflow?: Workflow;
}

/**
 * What the run takes, with the defaults of its workflow.
 *
 * @throws VltairError `invalid_argument/workflow_input`, naming the field.
 */
export function inputOf({ workflow, input }: Pick<StartRequest, 'workflow' | 'input'>): JsonObject {
  if (workflow.input === undefined) return input;
  const fit = fitForm(workflow.input, input);
  if ('problem' in fit)
    throw new VltairError('invalid_argument/workflow_input', { detail: `input.${fit.problem}`, where: workflow.name });
  return jsonObjectSchema.parse(fit.data);
}
