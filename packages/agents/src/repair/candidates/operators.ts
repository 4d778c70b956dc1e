/** All repair operators, each once; a total record, so that a new name does not compile without its rule. */
import { argumentCount, argumentOrder } from './arguments.ts';
import { arithmetic } from './arithmetic.ts';
import { borrowedStatement } from './borrowed-statement.ts';
import { borrowedValue } from './borrowed-value.ts';
import { boundary } from './boundary.ts';
import { comparison } from './comparison.ts';
import { constant } from './constant.ts';
import { conversion } from './conversion.ts';
import { defaultValue } from './default-value.ts';
import { earlyExit } from './early-exit.ts';
import { grouping } from './grouping.ts';
import { logic, negation } from './logic.ts';
import { loopOrder } from './loop-order.ts';
import { lostCall } from './lost-call.ts';
import { method } from './method.ts';
import { missingGuard } from './missing-guard.ts';
import { missingOperand } from './missing-operand.ts';
import { deleteStatement, missingJump, missingStatement } from './missing-statement.ts';
import { missingAwait, missingCopy, missingReturn } from './missing-word.ts';
import { nesting } from './nesting.ts';
import { pattern } from './pattern.ts';
import type { OperatorName, RepairOperator } from './repair-operator.ts';
import { statementOrder } from './statement-order.ts';
import { subExpression } from './sub-expression.ts';
import { member, variable } from './variable.ts';

export const repairOperators: Readonly<Record<OperatorName, RepairOperator>> = {
  comparison,
  boundary,
  arithmetic,
  grouping,
  logic,
  negation,
  constant,
  variable,
  member,
  'argument-order': argumentOrder,
  'argument-count': argumentCount,
  method,
  conversion,
  'sub-expression': subExpression,
  'default-value': defaultValue,
  'missing-return': missingReturn,
  'missing-await': missingAwait,
  'missing-guard': missingGuard,
  'missing-copy': missingCopy,
  'missing-jump': missingJump,
  'missing-statement': missingStatement,
  nesting,
  'delete-statement': deleteStatement,
  'missing-operand': missingOperand,
  'early-exit': earlyExit,
  'borrowed-value': borrowedValue,
  'lost-call': lostCall,
  'borrowed-statement': borrowedStatement,
  'loop-order': loopOrder,
  pattern,
  'statement-order': statementOrder,
};
