import { deleteStatement, replaceNode, swapNodes, type Edit, type OperatorTable } from './mutation.ts';
import { slipsInPattern } from './regular-expression-slips.ts';
import { closest, type SyntaxNode } from './syntax-node.ts';
import { arithmetic, comparisons, javascriptMethods } from './wording.ts';

const functionKinds = ['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression'];
const jumpKinds = ['ReturnStatement', 'ThrowStatement', 'ContinueStatement', 'BreakStatement'];
const blockKinds = ['BlockStatement', 'Program', 'SwitchCase'];

export const javascriptOperators: OperatorTable = {
  comparison: (node, source) => operatorSlips(node, source, 'BinaryExpression', (sign) => comparisons[sign] ?? []),

  arithmetic: (node, source) => {
    const kind = node.kind === 'AssignmentExpression' ? node.kind : 'BinaryExpression';
    if (node.children.some(isText)) return [];
    return operatorSlips(node, source, kind, (sign) => [arithmetic[sign]].filter((other) => other !== undefined));
  },

  logical: (node, source) => {
    const other: Readonly<Record<string, string>> = { '&&': '||', '||': '&&', '??': '||' };
    return operatorSlips(node, source, 'LogicalExpression', (sign) =>
      [other[sign]].filter((text) => text !== undefined),
    );
  },

  negation: (node) => {
    const argument = node.field('argument');
    if (node.kind !== 'UnaryExpression' || node.property('operator') !== '!' || argument === undefined) return [];
    return [replaceNode(node, argument.text)];
  },

  constant: (node) => {
    if (node.kind !== 'Literal' || !/^\d{1,4}$/.test(node.text)) return [];
    const value = Number(node.text);
    return [value + 1, value - 1].filter((near) => near >= 0).map((near) => replaceNode(node, String(near)));
  },

  'wrong-variable': (node) => {
    const scope = closest(node, functionKinds);
    if (node.kind !== 'Identifier' || scope === undefined || !isRead(node)) return [];
    const names = scope.fieldList('params').filter((parameter) => parameter.kind === 'Identifier');
    return names
      .filter((name) => name.text !== node.text && names.some((other) => other.text === node.text))
      .map((name) => replaceNode(node, name.text));
  },

  'swapped-arguments': (node, source) => {
    if (node.kind !== 'CallExpression') return [];
    const values = node.fieldList('arguments');
    return values.slice(1).flatMap((value, index) => {
      const before = values[index];
      return before === undefined || before.text === value.text ? [] : [swapNodes(before, value, source)];
    });
  },

  'missing-await': (node) => {
    const argument = node.field('argument');
    return node.kind === 'AwaitExpression' && argument !== undefined ? [replaceNode(node, argument.text)] : [];
  },

  'missing-guard': (node, source) => {
    const body = node.field('consequent');
    if (node.kind !== 'IfStatement' || node.field('alternate') !== undefined || body === undefined) return [];
    const last = body.kind === 'BlockStatement' ? body.fieldList('body').at(-1) : body;
    if (last === undefined || !jumpKinds.includes(last.kind) || node.parent?.kind === 'IfStatement') return [];
    return [deleteStatement(node, source)];
  },

  'missing-statement': (node, source) => {
    const isInBlock = blockKinds.includes(node.parent?.kind ?? '') && closest(node, functionKinds) !== undefined;
    if (node.kind !== 'ExpressionStatement' || !isInBlock || isDirective(node)) return [];
    return [deleteStatement(node, source)];
  },

  'other-method': (node) => {
    const callee = node.field('callee');
    const method = callee?.field('property');
    if (node.kind !== 'CallExpression' || callee?.property('computed') === true || method === undefined) return [];
    if (!Object.hasOwn(javascriptMethods, method.text)) return [];
    return (javascriptMethods[method.text] ?? []).map((other) => replaceNode(method, other));
  },

  'dropped-call': (node) => {
    const callee = node.field('callee');
    const object = callee?.field('object');
    const isValue = node.parent?.kind !== 'ExpressionStatement' && node.parent?.kind !== 'AwaitExpression';
    if (node.kind !== 'CallExpression' || object === undefined || !isValue) return [];
    const isNamespace = /^(?:[A-Z]\w*|require|module|exports)$/.test(object.text);
    return isNamespace || object.kind === 'ThisExpression' ? [] : [replaceNode(node, object.text)];
  },

  'regular-expression': (node) => {
    const literal = /^\/(.*)\/([a-z]*)$/s.exec(node.text);
    if (node.kind !== 'Literal' || node.property('regex') === undefined || literal === null) return [];
    const [, pattern = '', flags = ''] = literal;
    const lostFlags = ['g', 'i'].filter((flag) => flags.includes(flag)).map((flag) => flags.replace(flag, ''));
    return [
      ...slipsInPattern(pattern).map((slip) => replaceNode(node, `/${slip}/${flags}`)),
      ...lostFlags.map((rest) => replaceNode(node, `/${pattern}/${rest}`)),
    ];
  },

  'swapped-statements': (node, source) => {
    if (!blockKinds.includes(node.kind)) return [];
    const isMovable = (item: SyntaxNode): boolean =>
      (item.kind === 'ExpressionStatement' && !isDirective(item)) || item.kind === 'IfStatement';
    return pairs(node.fieldList(node.kind === 'SwitchCase' ? 'consequent' : 'body'))
      .filter(([first, second]) => isMovable(first) && isMovable(second) && closest(first, functionKinds) !== undefined)
      .map(([first, second]) => swapNodes(first, second, source));
  },

  'sub-expression': (node) => {
    const parts = [node.field('left'), node.field('right')];
    if (node.kind === 'ConditionalExpression') parts.splice(0, 2, node.field('consequent'), node.field('alternate'));
    else if (node.kind !== 'LogicalExpression') return [];
    return parts.filter((part) => part !== undefined).map((part) => replaceNode(node, part.text));
  },

  'iteration-order': (node) => (node.kind === 'ForOfStatement' ? reversedForOf(node) : reversedCount(node)),
};

function operatorSlips(
  node: SyntaxNode,
  source: string,
  kind: string,
  others: (sign: string) => readonly string[],
): readonly Edit[] {
  const [left, right, sign] = [node.field('left'), node.field('right'), node.property('operator')];
  if (node.kind !== kind || left === undefined || right === undefined || typeof sign !== 'string') return [];
  const start = left.end + source.slice(left.end, right.start).indexOf(sign);
  return others(sign).map((replacement) => ({ start, end: start + sign.length, replacement }));
}

function isText(node: SyntaxNode): boolean {
  return node.kind === 'TemplateLiteral' || /^['"]/.test(node.text) || /['"]$/.test(node.text);
}

function isRead(node: SyntaxNode): boolean {
  const parent = node.parent;
  if (parent === undefined || functionKinds.includes(parent.kind)) return false;
  if (parent.kind === 'AssignmentExpression') return parent.field('left') !== node;
  if (parent.kind === 'MemberExpression') return parent.field('object') === node;
  return parent.kind !== 'Property' && parent.kind !== 'VariableDeclarator' && parent.kind !== 'UpdateExpression';
}

function isDirective(node: SyntaxNode): boolean {
  return /^['"]use /.test(node.text);
}

function pairs(nodes: readonly SyntaxNode[]): Array<readonly [SyntaxNode, SyntaxNode]> {
  return nodes.slice(1).flatMap((second, index) => {
    const first = nodes[index];
    return first === undefined ? [] : [[first, second] as const];
  });
}

function reversedForOf(node: SyntaxNode): Edit[] {
  const right = node.field('right');
  return right === undefined || node.property('await') === true
    ? []
    : [replaceNode(right, `[...${right.text}].reverse()`)];
}

/** `let i = 0; i < n; i++` counts down from `n - 1` instead. */
function reversedCount(node: SyntaxNode): Edit[] {
  const head = /^for \((let|var) (\w+) = ([\w.]+); \2 < ([\w.]+); (?:\2\+\+|\+\+\2|\2 \+= 1)\)/.exec(node.text);
  if (node.kind !== 'ForStatement' || head === null) return [];
  const [whole, keyword, name, from, to] = head;
  const replacement = `for (${keyword} ${name} = ${to} - 1; ${name} >= ${from}; ${name}--)`;
  return [{ start: node.start, end: node.start + whole.length, replacement }];
}
