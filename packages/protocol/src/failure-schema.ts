import { z } from 'zod';
import { codeOf, errorCodes, isErrorReason, type ErrorReason, type Failure } from './errors.ts';

export const reasonSchema = z.custom<ErrorReason>((value) => typeof value === 'string' && isErrorReason(value), {
  message: 'is not a reason of the error catalogue',
});

/** A {@link Failure} as it stands in events and envelopes; code and reason belong together. */
export const failureSchema: z.ZodType<Failure> = z
  .strictObject({
    code: z.enum(errorCodes),
    reason: reasonSchema,
    message: z.string(),
    where: z.string().exactOptional(),
    retryable: z.boolean(),
  })
  .refine((value) => codeOf(value.reason) === value.code, { message: 'code and reason do not belong together' });
