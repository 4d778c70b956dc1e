import type { ASTNode } from '@marcbachmann/cel-js';
import { meterNode, type Check, type Meter } from './expression-meter.ts';

const MAX_NESTED_COMPREHENSIONS = 2;
const COMPREHENSIONS: ReadonlySet<string> = new Set(['all', 'exists', 'exists_one', 'filter', 'map']);
const FUNCTIONS: ReadonlySet<string> = new Set(['size', 'has', 'bool', 'int', 'double', 'string', 'dyn']);
const METHODS: ReadonlySet<string> = new Set([
  ...COMPREHENSIONS,
  'size',
  'contains',
  'startsWith',
  'endsWith',
  'indexOf',
  'lastIndexOf',
  'substring',
  'lowerAscii',
  'upperAscii',
  'trim',
  'split',
  'join',
]);
/** Members that a map in an expression would lose without a word. */
const LOST_KEYS: ReadonlySet<unknown> = new Set(['__proto__', 'constructor', 'prototype']);

export interface Rules {
  /** What the library knows by itself: names of types, which no value can have. */
  readonly typeNames: ReadonlySet<string>;
  /** Charged by every node that is evaluated. */
  readonly meter: Meter;
}

/** The names at the roots of what an expression reads, sorted. @throws NotAllowed for what no expression may say. */
export function checkRules(ast: ASTNode, rules: Rules): readonly string[] {
  const references = new Set<string>();
  walk(ast, { ...rules, references, bound: [], nesting: 0 });
  return [...references].toSorted();
}

class NotAllowed extends Error {
  override readonly name = 'NotAllowed';
  readonly range: { readonly start: number };

  constructor(node: ASTNode, message: string) {
    super(message);
    this.range = node.range;
  }
}

interface Scope extends Rules {
  readonly references: Set<string>;
  /** Names that a comprehension binds. */
  readonly bound: readonly string[];
  readonly nesting: number;
  /** Looks at each value that the node itself has. */
  readonly check?: Check;
}

function walk(node: ASTNode, { check, ...scope }: Scope): void {
  meterNode(node, scope.meter, check);
  switch (node.op) {
    case 'value':
      return;
    case 'id':
      return walkName(node, node.args, scope);
    case '.':
    case '.?':
      return walk(node.args[0], scope);
    case 'call':
      return walkCall(node, node.args, scope);
    case 'rcall':
      return walkMethod(node, node.args, scope);
    case 'map':
      return walkMap(node.args, scope);
    case '!_':
    case '-_':
      return walk(node.args, scope);
    default:
      for (const operand of node.args) walk(operand, scope);
  }
}

function walkName(node: ASTNode, name: string, { bound, references, typeNames }: Scope): void {
  if (bound.includes(name)) return;
  if (typeNames.has(name)) throw new NotAllowed(node, `${name} is the name of a type, not of a value`);
  references.add(name);
}

function walkCall(node: ASTNode, [name, operands]: readonly [string, readonly ASTNode[]], scope: Scope): void {
  if (!FUNCTIONS.has(name)) throw new NotAllowed(node, `there is no function ${name}()`);
  for (const operand of operands) walk(operand, scope);
}

function walkMap(entries: readonly (readonly [ASTNode, ASTNode])[], scope: Scope): void {
  for (const [key, value] of entries) {
    if (key.op === 'value') checkKey(key, key.args);
    walk(key, { ...scope, check: (name) => checkKey(key, name) });
    walk(value, scope);
  }
}

function checkKey(node: ASTNode, name: unknown): void {
  if (LOST_KEYS.has(name)) throw new NotAllowed(node, `no key is ${String(name)}`);
}

function walkMethod(
  node: ASTNode,
  [name, receiver, operands]: readonly [string, ASTNode, readonly ASTNode[]],
  scope: Scope,
): void {
  if (name === 'matches')
    throw new NotAllowed(node, 'matches() is not allowed; use contains(), startsWith() or endsWith()');
  if (!METHODS.has(name)) throw new NotAllowed(node, `there is no method ${name}()`);
  const [variable] = operands;
  const isComprehension = COMPREHENSIONS.has(name) && variable?.op === 'id';
  walk(receiver, isComprehension ? { ...scope, check: (value) => scope.meter.chargeItems(value, receiver) } : scope);
  if (!isComprehension) {
    for (const operand of operands) walk(operand, scope);
    return;
  }
  if (scope.nesting >= MAX_NESTED_COMPREHENSIONS)
    throw new NotAllowed(node, `comprehensions are nested more than ${MAX_NESTED_COMPREHENSIONS} deep`);
  const inner = { ...scope, bound: [...scope.bound, variable.args], nesting: scope.nesting + 1 };
  for (const operand of operands.slice(1)) walk(operand, inner);
}
