import { z } from 'zod';

const at = z.number();
const run = z.string();

/**
 * What a process of the campaign was told by the product, written down before it went on. All of it is acknowledged:
 * none of it may be missing from the logs in the end. `at`: {@link moment}.
 */
export const heardSchema = z.discriminatedUnion('what', [
  /** A worker owns the store, or shares it. */
  z.strictObject({ what: z.literal('owner'), at, epoch: z.int() }),
  /** A runtime has begun the run. */
  z.strictObject({ what: z.literal('started'), at, run }),
  /** A runtime has told its observer of events: seq, type, epoch and ts of each. */
  z.strictObject({
    what: z.literal('committed'),
    at,
    run,
    events: z.array(z.tuple([z.int(), z.string(), z.int(), z.number()])),
  }),
  /** The inbox has taken a command. */
  z.strictObject({ what: z.literal('sent'), at, run, id: z.string(), type: z.string() }),
  /** Its sender was told what became of it; without a reason it was done. */
  z.strictObject({
    what: z.literal('answered'),
    at,
    run,
    id: z.string(),
    type: z.string(),
    reason: z.string().exactOptional(),
  }),
]);
export type Heard = z.infer<typeof heardSchema>;
