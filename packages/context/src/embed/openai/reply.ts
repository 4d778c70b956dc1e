import { VltairError } from '@vltair/protocol';
import { z } from 'zod';
import { vectorOf } from '../vector-of.ts';

/** What the protocol promises of an answer; members that are not read here may be there or not. */
const replySchema = z.object({
  data: z.array(
    z.object({
      index: z.int().nonnegative(),
      /** A list of numbers, or little-endian 32-bit floats in base64. */
      embedding: z.union([z.array(z.number()), z.base64()]),
    }),
  ),
});
type ReplyItem = z.infer<typeof replySchema>['data'][number];

const errorSchema = z.object({ error: z.union([z.string(), z.object({ message: z.string() })]) });

/**
 * The vectors of an answer, in the order of the texts.
 *
 * @throws VltairError `fatal/embedder` unless it is JSON with exactly one good vector for each text
 */
export function vectorsOf(body: string, count: number, dimension: number): readonly Float32Array[] {
  const { data } = parsedReply(body);
  if (data.length !== count) throw unfit(`${count} texts, ${data.length} vectors`);
  const vectors = new Map(data.map((item) => [item.index, vectorIn(item, dimension)]));
  return Array.from({ length: count }, (_, index) => {
    const vector = vectors.get(index);
    if (vector === undefined) throw unfit(`no vector has the index ${index}`);
    return vector;
  });
}

/** What the endpoint says is wrong, when it says so in the usual form. */
export function errorTextIn(body: string): string | undefined {
  const parsed = errorSchema.safeParse(jsonOf(body));
  if (!parsed.success) return undefined;
  const { error } = parsed.data;
  return typeof error === 'string' ? error : error.message;
}

function parsedReply(body: string): z.infer<typeof replySchema> {
  const value = jsonOf(body);
  if (value === undefined) throw unfit('the answer is not JSON');
  const parsed = replySchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unfit(`the answer has another form at ${issue?.path.join('.') ?? 'its top'}`);
}

/** undefined for what is not JSON: there is no text for it. */
function jsonOf(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined; // the parser's message quotes the answer, which may hold anything
  }
}

function vectorIn({ index, embedding }: ReplyItem, dimension: number): Float32Array {
  try {
    return vectorOf(typeof embedding === 'string' ? floatsOf(embedding) : embedding, dimension);
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    throw unfit(`vector ${index}: ${error.message}`, error);
  }
}

function floatsOf(base64: string): readonly number[] {
  const bytes = Buffer.from(base64, 'base64');
  if (bytes.length % 4 !== 0) throw unfit('base64 that is cut inside a number');
  return Array.from({ length: bytes.length / 4 }, (_, index) => bytes.readFloatLE(index * 4));
}

function unfit(detail: string, cause?: unknown): VltairError {
  return new VltairError('fatal/embedder', { detail, cause });
}
