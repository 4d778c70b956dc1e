import { z } from 'zod';

/** A gate's verdict on a call, as it stood when the call was asked for. */
export const gateVerdictSchema = z.strictObject({
  verdict: z.enum(['allow', 'ask', 'deny']),
  /** The rule that decided, for people. */
  rule: z.string().min(1),
  /** SHA-256 of the policy's canonical form. */
  policyDigest: z.string().min(1),
  /** Who may answer; absent: anybody. */
  approvers: z.array(z.string().min(1)).exactOptional(),
  /** How long people have to answer, in milliseconds. */
  expiresMs: z.int().positive().exactOptional(),
  warnBeforeMs: z.int().positive().exactOptional(),
});
export type GateVerdict = z.infer<typeof gateVerdictSchema>;

const approval = { approval: z.string().min(1) };

export const approvalDecisionSchemas = [
  /** People are asked. The answer counts for the call with this digest alone, once, until it expires. */
  z.strictObject({
    type: z.literal('approval.requested'),
    ...approval,
    node: z.string().min(1),
    visit: z.int().positive(),
    /** SHA-256 of what is approved: the arguments of the call, or the task of the node. */
    digest: z.string().min(1),
    message: z.string(),
    approvers: z.array(z.string().min(1)).exactOptional(),
    warnTs: z.int().nonnegative().exactOptional(),
    expiresTs: z.int().nonnegative().exactOptional(),
    gate: gateVerdictSchema.exactOptional(),
  }),
  z.strictObject({ type: z.literal('approval.warned'), ...approval }),
  z.strictObject({ type: z.literal('approval.expired'), ...approval }),
  /** Nobody needs the answer any more. */
  z.strictObject({ type: z.literal('approval.cancelled'), ...approval, because: z.string().min(1) }),
] as const;
