// No failure disappears in silence. A catch (a clause, `.catch(...)`, or the second handler of `.then`) does one of:
//   - throws;
//   - uses the caught value outside a mere test: hands it on, logs it, returns or keeps something made of it;
//   - logs without it;
//   - says inside, in a comment of at least five words, why stopping here is right.
// `if (error instanceof Missing) return undefined;` alone tests the value and drops every other failure; followed by
// `throw error` it is a narrow catch and passes.
import type { Comment, Node } from 'oxc-parser';
import { type Problem, type Source, dottedName, isTest, problemAt, walk } from '../source.ts';

const RULE = 'silent-catches';
const LOGS = new Set(['console', 'log', 'logger', 'stderr']);
const DIRECTIVE = /^\s*(oxlint|eslint|v8|c8|istanbul|prettier|@ts|not-a-port|TODO|FIXME)/u;

/** A place where a failure is caught: the code that treats it and the names that hold it. */
interface Handler {
  readonly whole: Node;
  readonly body: Node;
  readonly parameter: Node | undefined;
}

export function checkSilentCatches(sources: readonly Source[]): Problem[] {
  return sources.filter(({ path }) => !isTest(path)).flatMap(checkSource);
}

function checkSource(source: Source): Problem[] {
  const problems: Problem[] = [];
  walk(source.program, (node) => {
    for (const handler of handlersOf(node)) {
      if (isTreated(handler) || isExplained(handler, source.comments)) continue;
      problems.push(problemAt(source, handler.whole, RULE, 'swallows the failure: throw, use it, log, or say why'));
    }
  });
  return problems;
}

function handlersOf(node: Node): Handler[] {
  if (node.type === 'CatchClause') return [{ whole: node, body: node.body, parameter: node.param ?? undefined }];
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
  const name = dottedPropertyOf(node.callee);
  const handler = name === 'catch' ? node.arguments[0] : name === 'then' ? node.arguments[1] : undefined;
  if (handler?.type !== 'ArrowFunctionExpression' && handler?.type !== 'FunctionExpression') return [];
  return handler.body === null ? [] : [{ whole: handler, body: handler.body, parameter: handler.params[0] }];
}

function dottedPropertyOf(callee: Node & { type: 'MemberExpression' }): string | undefined {
  return callee.property.type === 'Identifier' && !callee.computed ? callee.property.name : undefined;
}

function isTreated({ body, parameter }: Handler): boolean {
  const names = parameter === undefined ? new Set<string>() : boundNames(parameter);
  let treated = false;
  walk(body, (node, ancestors) => {
    treated ||= node.type === 'ThrowStatement' || isLog(node) || isUse(node, [body, ...ancestors], names);
  });
  return treated;
}

function boundNames(parameter: Node): Set<string> {
  const names = new Set<string>();
  walk(parameter, (node) => {
    if (node.type === 'Identifier') names.add(node.name);
  });
  return names;
}

function isLog(node: Node): boolean {
  if (node.type !== 'CallExpression') return false;
  const name = dottedName(node.callee)?.split('.') ?? [];
  return name.some((part) => LOGS.has(part.replace('#', '')));
}

function isUse(node: Node, ancestors: readonly Node[], names: ReadonlySet<string>): boolean {
  if (node.type !== 'Identifier' || !names.has(node.name)) return false;
  const path = [...ancestors, node];
  return !path.some((above, index) => {
    const below = path[index + 1];
    if (below === undefined) return false;
    if (above.type === 'IfStatement' || above.type === 'ConditionalExpression') return above.test === below;
    if (above.type === 'SwitchStatement') return above.discriminant === below;
    if (above.type === 'MemberExpression') return above.property === below && !above.computed;
    if (above.type === 'Property') return above.key === below && above.value !== below;
    if (above.type === 'ExpressionStatement') return below === node;
    return above.type === 'UnaryExpression' && above.operator === 'void';
  });
}

function isExplained({ whole }: Handler, comments: readonly Comment[]): boolean {
  const words = comments
    .filter(({ start, end, value }) => start >= whole.start && end <= whole.end && !DIRECTIVE.test(value))
    .flatMap(({ value }) => value.split(/\s+/u).filter((word) => /\p{L}/u.test(word)));
  return words.length >= 5;
}
