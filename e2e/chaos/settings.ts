import { z } from 'zod';

export const storeKinds = ['sqlite', 'postgres'] as const;
export type StoreKind = (typeof storeKinds)[number];

/** Where a store lies. */
const placeSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('sqlite'), directory: z.string() }),
  /** `directory` holds the key that all its workers sign with. */
  z.strictObject({ kind: z.literal('postgres'), url: z.string(), directory: z.string() }),
]);
export type Place = z.infer<typeof placeSchema>;

const process = {
  name: z.string(),
  place: placeSchema,
  /** The file that this process, and no other, writes what it hears into. */
  journal: z.string(),
};

/** Of each kind of child process, as JSON in its first argument. */
export const workerSettingsSchema = z.strictObject({ ...process, witness: z.string() });

export const clientSettingsSchema = z.strictObject({ ...process, witness: z.string() });

export const registerSettingsSchema = z.strictObject({
  ...process,
  role: z.enum(['writer', 'reader']),
  loops: z.int(),
});
export type RegisterSettings = z.infer<typeof registerSettingsSchema>;

/** @throws what zod throws: a campaign starts its children right. */
export function settingsOf<T>(schema: z.ZodType<T>): T {
  return schema.parse(JSON.parse(globalThis.process.argv[2] ?? ''));
}
