import { fold, type EventStore } from '@vltair/core';
import { VltairError } from '@vltair/protocol';
import { summariseVisits } from '../visit-summary.ts';
import { readWorkflowFile } from '../workflow-file.ts';
import { drawWorkflow, type Drawing } from './drawing.ts';
import { toMermaid } from './mermaid.ts';
import { runMarks } from './run-marks.ts';
import { toSvg } from './svg.ts';

export const graphFormats = ['mermaid', 'svg'] as const;
export type GraphFormat = (typeof graphFormats)[number];

/** @throws VltairError as for a workflow that cannot run */
export async function drawFile(path: string, format: GraphFormat): Promise<string> {
  return textOf(drawWorkflow(await readWorkflowFile(path)), format);
}

/** The same picture with what happened. @throws VltairError `not_found/run` */
export async function drawRun(store: EventStore, run: string, format: GraphFormat): Promise<string> {
  const events = await store.read(run);
  const state = fold(events);
  if (state === undefined) throw new VltairError('not_found/run', { detail: run });
  const drawing = drawWorkflow(state.workflow, runMarks(state, summariseVisits(state.workflow, events)));
  return textOf({ ...drawing, title: `${drawing.title}: ${state.status}` }, format);
}

function textOf(drawing: Drawing, format: GraphFormat): string {
  return format === 'svg' ? toSvg(drawing) : toMermaid(drawing);
}
