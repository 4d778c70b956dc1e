/**
 * How often each operator is the one that was needed, before the code is looked at: from 0 to 1.
 *
 * The order follows what studies of one-line bugs report (wrong operators, boundaries, names and literals lead; missing
 * statements are rarer and have many forms), tempered by how many candidates an operator makes for a line.
 */
import type { OperatorName } from './candidates/repair-operator.ts';

export const operatorPriors: Readonly<Record<OperatorName, number>> = {
  comparison: 0.95,
  logic: 0.9,
  negation: 0.85,
  arithmetic: 0.85,
  constant: 0.8,
  method: 0.8,
  boundary: 0.7,
  'missing-await': 0.7,
  'missing-return': 0.7,
  variable: 0.65,
  grouping: 0.65,
  'argument-order': 0.65,
  member: 0.6,
  'sub-expression': 0.55,
  'missing-jump': 0.5,
  nesting: 0.5,
  'missing-copy': 0.4,
  'default-value': 0.4,
  'missing-statement': 0.4,
  'delete-statement': 0.4,
  'argument-count': 0.4,
  conversion: 0.35,
  'missing-guard': 0.35,
  'loop-order': 0.8,
  pattern: 0.6,
  'borrowed-value': 0.3,
  'statement-order': 0.35,
  'lost-call': 0.12,
  'missing-operand': 0.12,
  'borrowed-statement': 0.1,
  'early-exit': 0.05,
};
