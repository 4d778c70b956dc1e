import { z } from 'zod';
import { appendModel, type RunInput, type RunOutput } from './append-model.ts';
import { linearise, type Operation } from './linearise.ts';

const inputSchema: z.ZodType<RunInput> = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('append'), expectedSeq: z.int(), epoch: z.int(), token: z.string() }),
  z.strictObject({ do: z.literal('head') }),
  z.strictObject({ do: z.literal('read') }),
]);

const outputSchema: z.ZodType<RunOutput> = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('appended'), lastSeq: z.int() }),
  z.strictObject({ kind: z.literal('conflict'), headSeq: z.int() }),
  z.strictObject({ kind: z.literal('fenced'), epoch: z.int() }),
  z.strictObject({ kind: z.literal('head'), seq: z.int(), epoch: z.int() }),
  z.strictObject({ kind: z.literal('events'), tokens: z.array(z.string()) }),
]);

/** What a client of a register writes down: the wish before it is put, the answer after it was heard. */
export const registerLineSchema = z.discriminatedUnion('is', [
  z.strictObject({
    is: z.literal('begin'),
    id: z.string(),
    key: z.string(),
    at: z.number(),
    client: z.string(),
    input: inputSchema,
  }),
  z.strictObject({ is: z.literal('end'), id: z.string(), at: z.number(), output: outputSchema }),
]);
export type RegisterLine = z.infer<typeof registerLineSchema>;

export type RegisterStep = Operation<RunInput, RunOutput>;

/** How long a register is in use: its history stays short enough to be searched. */
const WINDOW_MS = 1_500;

/** All clients use the same few registers at the same time, and others later. */
export function registerOf(at: number, which: number): string {
  return `register-${Math.floor(at / WINDOW_MS)}-${which}`;
}

/** The operations on each register. */
export function historiesOf(lines: readonly RegisterLine[]): ReadonlyMap<string, readonly RegisterStep[]> {
  const ends = new Map(lines.flatMap((line) => (line.is === 'end' ? [[line.id, line] as const] : [])));
  const histories = new Map<string, RegisterStep[]>();
  for (const line of lines) {
    if (line.is !== 'begin') continue;
    const { id, key, client, input, at: begin } = line;
    const end = ends.get(id);
    const ended = end === undefined ? undefined : { at: end.at, output: end.output };
    const steps = histories.get(key) ?? [];
    histories.set(key, steps);
    // What was only read, and never answered, says nothing.
    if (ended !== undefined || input.do === 'append') steps.push({ client, input, begin, ended });
  }
  return histories;
}

/** A sentence for each register whose history no order explains. */
export function faultsOfHistories(histories: ReadonlyMap<string, readonly RegisterStep[]>): readonly string[] {
  return [...histories].flatMap(([key, steps]) => {
    const verdict = linearise(appendModel, steps);
    if (verdict.kind === 'linearisable') return [];
    const { reached, stuck } = verdict;
    return [
      `${key}: no order of its ${steps.length} operations is right; after ${reached} comes ${JSON.stringify(stuck)}`,
    ];
  });
}
