import { evaluateCondition, VltairError, type GateVerdict, type Json } from '@vltair/protocol';
import type { Policy, PolicyRule } from './policy.ts';

/** A call that an agent is about to make. */
export interface PolicyRequest {
  readonly workflow: string;
  readonly node: string;
  readonly agent: string;
  readonly effect: string;
  readonly arguments: Json;
  readonly summary: string;
}

/** What the policy says of a call: the same request under the same policy has the same verdict. `undefined`: it says nothing. */
export function evaluatePolicy(policy: Policy, request: PolicyRequest): GateVerdict | undefined {
  const rule = policy.rules.find((candidate) => fits(candidate, request));
  const policyDigest = policy.digest;
  if (rule !== undefined) return { ...verdictOf(rule), policyDigest };
  return policy.default === 'allow' ? undefined : { verdict: policy.default, rule: 'default', policyDigest };
}

function verdictOf({ name, verdict, approvers, expires, warnBefore }: PolicyRule): Omit<GateVerdict, 'policyDigest'> {
  return {
    verdict,
    rule: name,
    ...(approvers === undefined ? {} : { approvers }),
    ...(expires === undefined ? {} : { expiresMs: expires }),
    ...(warnBefore === undefined ? {} : { warnBeforeMs: warnBefore }),
  };
}

/** A condition that cannot be evaluated is thrown: a call that the policy cannot judge does not start. */
function fits(rule: PolicyRule, request: PolicyRequest): boolean {
  const { when, ...patterns } = rule.match;
  const names = ['workflow', 'agent', 'effect'] as const;
  if (!names.every((name) => isLike(patterns[name], request[name]))) return false;
  if (!isLike(patterns.node, request.node) && !isLike(patterns.node, nodeAbove(request.node))) return false;
  return when === undefined || isMet(rule, when, request);
}

/** A rule for a node holds for its items (`ship[0]`), its tasks (`ship+0`) and what undoes it (`ship.undo`), too. */
function nodeAbove(path: string): string {
  return path.replace(/[[+.].*$/, '');
}

function isMet({ name }: PolicyRule, when: string, request: PolicyRequest): boolean {
  try {
    return evaluateCondition(when, { ...request });
  } catch (error) {
    if (!(error instanceof VltairError)) throw error;
    throw new VltairError('invalid_argument/policy', { detail: `the rule ${name}: ${error.message}`, cause: error });
  }
}

/** Linear in the text: the parts between the stars are looked for one after the other. */
function isLike(pattern: string | undefined, text: string): boolean {
  if (pattern === undefined) return true;
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return text === pattern;
  if (!text.startsWith(first) || !text.endsWith(last) || text.length < first.length + last.length) return false;
  let from = first.length;
  for (const part of rest) {
    const at = text.indexOf(part, from);
    if (at === -1 || at + part.length > text.length - last.length) return false;
    from = at + part.length;
  }
  return true;
}
