// No failure disappears in silence. A catch (a clause, `.catch(...)`, or the second handler of `.then`) does one of:
//   - throws;
//   - uses the caught value outside a mere test: hands it on, logs it, returns or keeps something made of it;
//   - logs without it;
//   - says in a comment of at least five words why stopping here is right: inside, at the end of its first or last line,
//     or above a function that is nothing but this one `try`.
// `if (error instanceof Missing) return undefined;` alone tests the value and drops every other failure; followed by
// `throw error` it is a narrow catch and passes.
import type { Node } from 'oxc-parser';
import { type Problem, type Source, dottedName, isTest, lineOf, problemAt, walk } from '../source.ts';

const RULE = 'silent-catches';
const LOGS = new Set(['console', 'log', 'logger', 'stderr']);
const DIRECTIVE = /^\s*(oxlint|eslint|v8|c8|istanbul|prettier|@ts|not-a-port|TODO|FIXME)/u;

/** A place where a failure is caught: the code that treats it and the names that hold it. */
interface Handler {
  readonly whole: Node;
  /** Where a comment may explain it from outside: the function that consists of nothing else. */
  readonly owner: Node | undefined;
  readonly body: Node;
  readonly parameter: Node | undefined;
}

export function checkSilentCatches(sources: readonly Source[]): Problem[] {
  return sources.filter(({ path }) => !isTest(path)).flatMap(checkSource);
}

function checkSource(source: Source): Problem[] {
  const problems: Problem[] = [];
  walk(source.program, (node, ancestors) => {
    for (const handler of handlersOf(node, ancestors)) {
      if (isTreated(handler) || isExplained(handler, source)) continue;
      problems.push(problemAt(source, handler.whole, RULE, 'swallows the failure: throw, use it, log, or say why'));
    }
  });
  return problems;
}

function handlersOf(node: Node, ancestors: readonly Node[]): Handler[] {
  if (node.type === 'CatchClause') {
    return [{ whole: node, owner: soleOwner(ancestors), body: node.body, parameter: node.param ?? undefined }];
  }
  if (node.type !== 'CallExpression' || node.callee.type !== 'MemberExpression') return [];
  const name = dottedPropertyOf(node.callee);
  const handler = name === 'catch' ? node.arguments[0] : name === 'then' ? node.arguments[1] : undefined;
  if (handler?.type !== 'ArrowFunctionExpression' && handler?.type !== 'FunctionExpression') return [];
  return handler.body === null
    ? []
    : [{ whole: handler, owner: undefined, body: handler.body, parameter: handler.params[0] }];
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

function isExplained({ whole, owner }: Handler, source: Source): boolean {
  const [first, last] = [lineOf(source, whole.start), lineOf(source, whole.end)];
  const above = owner === undefined ? undefined : lineOf(source, owner.start) - 1;
  const words = source.comments
    .filter((comment) => !DIRECTIVE.test(comment.value))
    .filter((comment) => {
      if (comment.start >= whole.start && comment.end <= whole.end) return true;
      const line = lineOf(source, comment.start);
      return (
        (comment.start > whole.start && (line === first || line === last)) || lineOf(source, comment.end) === above
      );
    })
    .flatMap(({ value }) => value.split(/\s+/u).filter((word) => /\p{L}/u.test(word)));
  return words.length >= 5;
}

/** The declaration of the function whose body is the `try` alone, from the ancestors of its catch clause. */
function soleOwner(ancestors: readonly Node[]): Node | undefined {
  const [owner, body] = [ancestors.at(-3), ancestors.at(-2)];
  if (body?.type !== 'BlockStatement' || body.body.length !== 1) return undefined;
  if (owner?.type === 'FunctionDeclaration')
    return ancestors.at(-4)?.type === 'ExportNamedDeclaration' ? ancestors.at(-4) : owner;
  return owner?.type === 'FunctionExpression' ? ancestors.at(-4) : undefined;
}
