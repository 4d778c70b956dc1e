import type { ASTNode } from '@marcbachmann/cel-js';

/**
 * Counts the work of one evaluation and ends it when it has become too much.
 *
 * M1 Every node of the expression that is evaluated costs a unit, and what takes time by the size of its operands costs
 *    by that size BEFORE it runs: joins, concatenations, comparisons of deep values, searches.
 * M2 Who swallows the refusal, as `||` and `exists` swallow errors, gains nothing: every further step throws it again.
 * M3 The same expression and values cost the same every time, the first included.
 */
export class Meter {
  #left = 0;
  #refusal: WorkExceeded | undefined;

  /** Where the work of an evaluation ended before its time. */
  get refusal(): WorkExceeded | undefined {
    return this.#refusal;
  }

  start(): void {
    this.#left = MAX_WORK;
    this.#refusal = undefined;
  }

  charge(units: number, node?: ASTNode): void {
    this.#left -= units;
    if (this.#left >= 0) return;
    this.#refusal ??= new WorkExceeded(node);
    throw this.#refusal;
  }

  /** What a comprehension goes over. */
  chargeItems(value: unknown, node: ASTNode): void {
    this.charge(sizeOf(value), node);
  }

  /** As deep as it goes: a value that is shared counts wherever it stands, as whoever walks it passes it there. */
  chargeDeep(value: unknown, node?: ASTNode): void {
    this.charge(1 + sizeOf(value), node);
    if (typeof value !== 'object' || value === null) return;
    for (const member of membersOf(value)) this.chargeDeep(member, node);
  }
}

/** Units; about a third of a second on a slow machine. */
const MAX_WORK = 1_000_000;
/** Characters that are copied or compared for one unit. */
const CHARACTERS = 16;
/** Items of a list that are copied or compared for one unit. */
const ITEMS = 4;

export class WorkExceeded extends RangeError {
  override readonly name = 'WorkExceeded';
  readonly range: { readonly start: number } | undefined;

  constructor(node: ASTNode | undefined) {
    super(`the evaluation takes more than ${MAX_WORK} steps`);
    this.range = node?.range;
  }
}

type Step = (this: unknown, ...operands: unknown[]) => unknown;

/** Throws for a value that a node may not have. */
export type Check = (value: unknown) => void;

/** From now on the node charges the meter when it is evaluated, and `check` sees its values. */
export function meterNode(node: ASTNode, meter: Meter, check: Check | undefined): void {
  meterEvaluation(node, meter, check);
  const charge = chargeOf(node, meter);
  if (charge !== undefined) meterOperation(node, charge);
}

/** The library replaces a node's `evaluate` while it runs for the first time, and calls what it put there: that is no step of its own (M3). */
function meterEvaluation(node: ASTNode, meter: Meter, check: Check | undefined): void {
  let step = stepOf(Reflect.get(node, 'evaluate'));
  let isReplaced = false;
  const metered: Step = (...operands) => {
    if (isReplaced) {
      isReplaced = false;
      return step.apply(node, operands);
    }
    meter.charge(1, node);
    const value = step.apply(node, operands);
    check?.(value);
    return value;
  };
  Object.defineProperty(node, 'evaluate', {
    get: () => metered,
    set: (replacement: unknown) => {
      step = stepOf(replacement);
      isReplaced = true;
    },
  });
}

/** The library finds what an operator or a function stands for, and leaves it as the node's `handle`. */
function meterOperation(node: ASTNode, charge: (operands: readonly unknown[]) => void): void {
  let metered: Step | undefined;
  Object.defineProperty(node, 'handle', {
    get: () => metered,
    set: (replacement: unknown) => {
      const step = stepOf(replacement);
      metered = (...operands) => {
        charge(Array.isArray(operands[0]) && isCall(node) ? operands[0] : operands.slice(0, 2));
        return step.apply(node, operands);
      };
    },
  });
}

function stepOf(value: unknown): Step {
  if (typeof value === 'function') return value as Step;
  throw new TypeError('the CEL library evaluates in another way than the meter knows');
}

function isCall(node: ASTNode): boolean {
  return node.op === 'call' || node.op === 'rcall';
}

/** What an operation costs besides the step itself; undefined for one whose work does not grow. */
function chargeOf(node: ASTNode, meter: Meter): ((operands: readonly unknown[]) => void) | undefined {
  switch (node.op) {
    case '==':
    case '!=':
      return ([left]) => meter.chargeDeep(left, node);
    case 'in':
      return ([value, list]) => chargeMembership(value, list, meter, node);
    case '+':
    case '<':
    case '<=':
    case '>':
    case '>=':
      return (operands) => meter.charge(sizeOfAll(operands), node);
    case 'call':
      return (operands) => meter.charge(sizeOfAll(operands), node);
    case 'rcall': {
      const [name] = node.args;
      return (operands) => meter.charge(costOfMethod(name, operands), node);
    }
    default:
      return undefined;
  }
}

function chargeMembership(value: unknown, list: unknown, meter: Meter, node: ASTNode): void {
  if (!Array.isArray(list)) return;
  if (typeof value === 'object') meter.chargeDeep(list, node);
  else meter.charge(list.length * (1 + sizeOf(value)), node);
}

function costOfMethod(name: string, operands: readonly unknown[]): number {
  const [receiver, argument] = operands;
  const length = typeof argument === 'string' ? argument.length : 0;
  switch (name) {
    case 'join':
      return sizeOfAll(Array.isArray(receiver) ? receiver : []) + countOf(receiver) * (1 + length / CHARACTERS);
    case 'contains':
    case 'indexOf':
    case 'lastIndexOf':
      return sizeOf(receiver) * (1 + length / CHARACTERS);
    case 'split':
      return countOf(receiver) / Math.max(1, length) + sizeOf(receiver) * (1 + length / CHARACTERS);
    default:
      return sizeOfAll(operands);
  }
}

function sizeOfAll(values: readonly unknown[]): number {
  return values.reduce<number>((sum, value) => sum + sizeOf(value), 0);
}

/** Of the value itself, without what it holds. */
function sizeOf(value: unknown): number {
  return countOf(value) / (typeof value === 'string' ? CHARACTERS : ITEMS);
}

function countOf(value: unknown): number {
  if (typeof value === 'string' || Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  return typeof value === 'object' && value !== null ? Object.keys(value).length : 0;
}

function membersOf(value: object): Iterable<unknown> {
  return value instanceof Map ? value.values() : Object.values(value);
}
