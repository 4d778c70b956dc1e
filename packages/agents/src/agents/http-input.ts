import { jsonSchema } from '@vltair/protocol';
import { z } from 'zod';
import { handleOrTextSchema } from './secret-handles.ts';

const MAX_TIMEOUT_MS = 60 * 60 * 1000;
const MEBIBYTE = 1024 ** 2;

const methods = ['GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;
/** Set by the connection itself. */
const RESERVED_HEADERS =
  /^(?:host|connection|content-length|expect|keep-alive|te|trailer|transfer-encoding|upgrade|proxy-.*)$/i;
const headerNameSchema = z
  .string()
  .regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, { message: 'is not the name of a header' })
  .refine((name) => !RESERVED_HEADERS.test(name), { message: 'is set by the connection itself' });

export const httpFieldsSchema = z.strictObject({
  action: z.literal('request'),
  method: z.enum(methods).default('GET'),
  /** http or https; the host has to be on the allow-list. */
  url: z.string().min(1).max(8_192),
  headers: z.record(headerNameSchema, handleOrTextSchema).default({}),
  /** Text is sent as it is, anything else as JSON. */
  body: jsonSchema.exactOptional(),
  /** Of the whole request, redirects included. */
  timeoutMs: z.int().positive().max(MAX_TIMEOUT_MS).default(30_000),
  /** Until the answer begins; default: the whole time. */
  firstByteMs: z.int().positive().exactOptional(),
  /** Between two parts of the answer; default: the whole time. */
  idleMs: z.int().positive().exactOptional(),
  /** Of the answer's body. */
  maxBytes: z
    .int()
    .nonnegative()
    .max(8 * MEBIBYTE)
    .default(MEBIBYTE),
  /** Sends an `Idempotency-Key`, for hosts that answer a repeated one without acting again. */
  idempotencyKey: z.boolean().default(false),
});

/** What the action `request` of the agent `http` takes. */
export const httpInputSchema = httpFieldsSchema
  .refine(({ url }) => URL.canParse(url) && /^https?:$/.test(new URL(url).protocol), {
    message: 'is no http or https URL',
    path: ['url'],
  })
  .refine(({ method, body }) => body === undefined || (method !== 'GET' && method !== 'HEAD'), {
    message: 'is not sent with GET or HEAD',
    path: ['body'],
  });
export type HttpInput = z.infer<typeof httpInputSchema>;
