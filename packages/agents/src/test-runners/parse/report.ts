import { z } from 'zod';

const errorSchema = z.object({
  name: z.string().optional(),
  message: z.string(),
  stack: z.string().optional(),
  expected: z.string().optional(),
  actual: z.string().optional(),
});
export type ReportedError = z.infer<typeof errorSchema>;

const coveredSchema = z.array(z.object({ file: z.string(), lines: z.array(z.number()) }));
export type ReportedCoverage = z.infer<typeof coveredSchema>;

const caseSchema = z.object({
  kind: z.literal('case'),
  /** A later record of the same serial corrects an earlier one. */
  serial: z.number().optional(),
  /** Part of what names the case. */
  file: z.string().optional(),
  /** The file, where only failures tell it; no part of the name. */
  failedIn: z.string().optional(),
  titles: z.array(z.string()),
  line: z.number().optional(),
  status: z.enum(['passed', 'failed', 'skipped']),
  durationMs: z.number().optional(),
  error: errorSchema.optional(),
  covered: coveredSchema.optional(),
});
export type ReportedCase = z.infer<typeof caseSchema>;

const startedSchema = z.object({ kind: z.literal('started'), file: z.string().nullish(), titles: z.array(z.string()) });

const recordSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('start'), root: z.string() }),
  startedSchema,
  caseSchema,
  /** A file that could not be loaded, or something thrown outside any case. */
  z.object({
    kind: z.literal('load_error'),
    file: z.string().nullish(),
    signal: z.string().optional(),
    error: errorSchema,
  }),
  z.object({
    kind: z.literal('covered'),
    file: z.string().optional(),
    titles: z.array(z.string()),
    covered: coveredSchema,
  }),
  z.object({ kind: z.literal('end') }),
]);
type ReportRecord = z.infer<typeof recordSchema>;

interface LoadError {
  readonly file?: string | undefined;
  /** What ended the process of the file, where that was a signal. */
  readonly signal?: string | undefined;
  readonly error: ReportedError;
}

/** What a runner said about a run, whatever form it said it in. File names are still the runner's own. */
export interface Report {
  /** The workspace root as the tests saw it: a sandbox may mount it elsewhere. */
  readonly root?: string;
  readonly cases: readonly ReportedCase[];
  /** Cases that began, finished or not; empty where the runner does not say. */
  readonly started: readonly { readonly file?: string | undefined; readonly titles: readonly string[] }[];
  readonly loadErrors: readonly LoadError[];
  /** Coverage that came apart from its case. */
  readonly covered: readonly {
    readonly file?: string | undefined;
    readonly titles: readonly string[];
    readonly covered: ReportedCoverage;
  }[];
  /** False when the run ended before its report did. */
  readonly isComplete: boolean;
  /** Why the report cannot be trusted as a whole, when it cannot. */
  readonly problem?: string;
}

/** Reads the JSON lines of our reporters. A line that is cut off or is not ours is left out; this never throws. */
export function parseReportLines(text: string): Report {
  const records = text.split('\n').flatMap(parseLine);
  const start = records.find((record) => record.kind === 'start');
  return {
    ...(start === undefined ? {} : { root: start.root }),
    cases: withoutCorrected(records.filter((record) => record.kind === 'case')),
    started: records
      .filter((record) => record.kind === 'started')
      .map(({ file, titles }) => ({ file: file ?? undefined, titles })),
    loadErrors: records
      .filter((record) => record.kind === 'load_error')
      .map(({ file, signal, error }) => ({ file: file ?? undefined, signal, error })),
    covered: records.filter((record) => record.kind === 'covered'),
    isComplete: records.some((record) => record.kind === 'end'),
  };
}

function withoutCorrected(cases: readonly ReportedCase[]): readonly ReportedCase[] {
  const latest = new Map(cases.map((reported, index) => [reported.serial ?? `record ${index}`, reported]));
  return [...latest.values()];
}

function parseLine(line: string): ReportRecord[] {
  if (!line.startsWith('{')) return [];
  try {
    const parsed = recordSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return []; // Cut off in the middle: what came before it stands.
  }
}
