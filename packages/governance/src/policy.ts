import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson, parseExpression, timeSpanSchema, VltairError } from '@vltair/protocol';
import { z } from 'zod';

/** A text in which `*` stands for any characters. */
const patternSchema = z.string().min(1).max(200);

const matchSchema = z.strictObject({
  workflow: patternSchema.exactOptional(),
  /** Path of the node, or the node that it is an item, a task or the undoing of. */
  node: patternSchema.exactOptional(),
  agent: patternSchema.exactOptional(),
  /** The name of the call. */
  effect: patternSchema.exactOptional(),
  /** A CEL condition over `workflow`, `node`, `agent`, `effect`, `arguments` and `summary`. */
  when: z.string().min(1).exactOptional(),
});

const ruleSchema = z.strictObject({
  name: z.string().min(1),
  /** All that is named has to fit; an empty one fits every call. */
  match: matchSchema.default({}),
  verdict: z.enum(['allow', 'ask', 'deny']),
  approvers: z.array(z.string().min(1)).min(1).exactOptional(),
  expires: timeSpanSchema.exactOptional(),
  warnBefore: timeSpanSchema.exactOptional(),
});
export type PolicyRule = z.infer<typeof ruleSchema>;

const policySchema = z.strictObject({
  /** The first rule that fits decides. */
  rules: z.array(ruleSchema).max(1_000),
  /** Of a call that no rule fits. */
  default: z.enum(['allow', 'ask', 'deny']).default('allow'),
});

export interface Policy extends z.infer<typeof policySchema> {
  /** SHA-256 of its canonical form, in hex. */
  readonly digest: string;
}

/** @throws VltairError `invalid_argument/policy`, naming the field. */
export function parsePolicy(value: unknown): Policy {
  const parsed = policySchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.') ?? '';
    throw new VltairError('invalid_argument/policy', { detail: `${where} ${issue?.message ?? ''}`.trim(), where });
  }
  for (const [index, rule] of parsed.data.rules.entries()) checkRule(rule, `rules.${index}`);
  return { ...parsed.data, digest: bytesToHex(sha256(utf8ToBytes(canonicalJson(parsed.data)))) };
}

function checkRule({ match, verdict, approvers, expires, warnBefore }: PolicyRule, where: string): void {
  if (match.when !== undefined) parseExpression(match.when);
  const asks = approvers !== undefined || expires !== undefined;
  if (asks && verdict !== 'ask')
    throw new VltairError('invalid_argument/policy', {
      detail: `${where} asks nobody, but says who or how long`,
      where,
    });
  if (warnBefore !== undefined && (expires === undefined || warnBefore >= expires))
    throw new VltairError('invalid_argument/policy', { detail: `${where}.warnBefore is not before the expiry`, where });
}
