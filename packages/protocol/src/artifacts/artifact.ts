import { z } from 'zod';
import { coverageHintSchema, testResultSchema } from './test-result.ts';

/** Artifact `code`: the whole content of a file. */
export const codeArtifactSchema = z.strictObject({
  kind: z.literal('code'),
  path: z.string().min(1),
  content: z.string(),
});

/** Artifact `text`: prose for people. */
export const textArtifactSchema = z.strictObject({
  kind: z.literal('text'),
  title: z.string().min(1),
  text: z.string(),
});

export const findingSchema = z.strictObject({
  severity: z.enum(['error', 'warn', 'info']),
  file: z.string().min(1),
  line: z.int().positive(),
  message: z.string().min(1),
  suggestion: z.string().exactOptional(),
});
export type Finding = z.infer<typeof findingSchema>;

/** Artifact `analysis`: findings about code, most serious first. */
export const analysisArtifactSchema = z.strictObject({
  kind: z.literal('analysis'),
  summary: z.string(),
  details: z.string(),
  findings: z.array(findingSchema),
});

/** Artifact `diff_summary`: a change in unified form. */
export const diffSummarySchema = z.strictObject({
  kind: z.literal('diff_summary'),
  files: z.array(
    z.strictObject({ path: z.string().min(1), added: z.int().nonnegative(), deleted: z.int().nonnegative() }),
  ),
  diff: z.string(),
});

export const artifactSchema = z.discriminatedUnion('kind', [
  codeArtifactSchema,
  textArtifactSchema,
  analysisArtifactSchema,
  diffSummarySchema,
  testResultSchema,
  coverageHintSchema,
]);
export type Artifact = z.infer<typeof artifactSchema>;
