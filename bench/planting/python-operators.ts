import { deleteStatement, replaceNode, swapNodes, type Edit, type OperatorTable } from './mutation.ts';
import { slipsInPattern } from './regular-expression-slips.ts';
import { closest, walk, type SyntaxNode } from './syntax-node.ts';
import { arithmetic, comparisons, pythonMethods } from './wording.ts';

const jumpKinds = ['return_statement', 'raise_statement', 'continue_statement', 'break_statement'];
const punctuation = ['(', ')', ',', 'comment'];

export const pythonOperators: OperatorTable = {
  comparison: (node) =>
    node.kind === 'comparison_operator' ? tokenSlips(node, (sign) => comparisons[sign] ?? []) : [],

  arithmetic: (node) => {
    const isArithmetic = node.kind === 'binary_operator' || node.kind === 'augmented_assignment';
    if (!isArithmetic || node.children.some((child) => child.kind === 'string')) return [];
    return tokenSlips(node, (sign) => [arithmetic[sign]].filter((other) => other !== undefined));
  },

  logical: (node) =>
    node.kind === 'boolean_operator' ? tokenSlips(node, (sign) => (sign === 'and' ? ['or'] : ['and'])) : [],

  negation: (node) => {
    const argument = node.field('argument');
    return node.kind === 'not_operator' && argument !== undefined ? [replaceNode(node, argument.text)] : [];
  },

  constant: (node) => {
    if (node.kind !== 'integer' || !/^\d{1,4}$/.test(node.text)) return [];
    const value = Number(node.text);
    return [value + 1, value - 1].filter((near) => near >= 0).map((near) => replaceNode(node, String(near)));
  },

  'wrong-variable': (node) => {
    const scope = closest(node, ['function_definition']);
    const isValue = ['argument_list', 'binary_operator', 'comparison_operator'].includes(node.parent?.kind ?? '');
    if (node.kind !== 'identifier' || scope === undefined || !isValue) return [];
    const names = parameterNames(scope);
    if (!names.includes(node.text)) return [];
    return names.filter((name) => name !== node.text && name !== 'self').map((name) => replaceNode(node, name));
  },

  'swapped-arguments': (node, source) => {
    const values = argumentsOf(node);
    return values.slice(1).flatMap((value, index) => {
      const before = values[index];
      const isNamed = value.kind === 'keyword_argument' || before?.kind === 'keyword_argument';
      return before === undefined || isNamed || before.text === value.text ? [] : [swapNodes(before, value, source)];
    });
  },

  'missing-await': (node) => (node.kind === 'await' ? [replaceNode(node, node.text.replace(/^await\s+/, ''))] : []),

  'missing-guard': (node, source) => {
    const body = node.field('consequence');
    if (node.kind !== 'if_statement' || node.field('alternative') !== undefined || body === undefined) return [];
    const last = body.children.at(-1);
    const isOnly = node.parent?.children.length === 1;
    return last === undefined || !jumpKinds.includes(last.kind) || isOnly ? [] : [deleteStatement(node, source)];
  },

  'missing-statement': (node, source) => {
    const isDocumentation = node.children[0]?.kind === 'string';
    const isOnly = node.parent?.children.length === 1;
    const isInFunction = closest(node, ['function_definition']) !== undefined;
    if (node.kind !== 'expression_statement' || isDocumentation || isOnly || !isInFunction) return [];
    return [deleteStatement(node, source)];
  },

  'other-method': (node) => {
    const callee = node.kind === 'call' ? node.field('function') : undefined;
    const name = callee?.kind === 'attribute' ? callee.field('attribute') : callee;
    if (name?.kind !== 'identifier' || !Object.hasOwn(pythonMethods, name.text)) return [];
    return (pythonMethods[name.text] ?? []).map((other) => replaceNode(name, other));
  },

  'dropped-call': (node) => {
    if (node.kind !== 'call' || node.parent?.kind === 'expression_statement') return [];
    const callee = node.field('function');
    const values = argumentsOf(node);
    const wrapped = values[0];
    const wrappers = ['sorted', 'list', 'abs', 'set', 'reversed', 'tuple', 'int', 'str'];
    if (callee?.kind === 'identifier' && wrappers.includes(callee.text) && wrapped !== undefined) {
      return [replaceNode(node, wrapped.text)];
    }
    const object = callee?.kind === 'attribute' ? callee.field('object') : undefined;
    const isMethodOfValue = object !== undefined && !/^(?:self|cls|math|re|os|sys|[A-Z_]\w*)$/.test(object.text);
    return isMethodOfValue ? [replaceNode(node, object.text)] : [];
  },

  'regular-expression': (node) => {
    const call = closest(node, ['call']);
    const literal = /^(r?)(['"])([^\n]*)\2$/.exec(node.text);
    if (node.kind !== 'string' || literal === null || !/^re\.\w+$/.test(call?.field('function')?.text ?? '')) return [];
    const [, prefix = '', quote = '', pattern = ''] = literal;
    return slipsInPattern(pattern).map((slip) => replaceNode(node, `${prefix}${quote}${slip}${quote}`));
  },

  'swapped-statements': (node, source) => {
    if (node.kind !== 'block' || closest(node, ['function_definition']) === undefined) return [];
    const statements = node.children.filter((child) => child.kind !== 'comment');
    return statements.slice(1).flatMap((second, index) => {
      const first = statements[index];
      return first !== undefined && isMovable(first) && isMovable(second) ? [swapNodes(first, second, source)] : [];
    });
  },

  'sub-expression': (node) => {
    if (node.kind === 'boolean_operator') {
      return [node.field('left'), node.field('right')].flatMap((part) =>
        part === undefined ? [] : [replaceNode(node, part.text)],
      );
    }
    const [consequent, , , , alternate] = node.children;
    if (node.kind !== 'conditional_expression' || consequent === undefined || alternate === undefined) return [];
    return [replaceNode(node, consequent.text), replaceNode(node, alternate.text)];
  },

  'iteration-order': (node) => {
    const right = node.kind === 'for_statement' ? node.field('right') : undefined;
    return right === undefined ? [] : [replaceNode(right, `reversed(list(${right.text}))`)];
  },
};

function tokenSlips(node: SyntaxNode, others: (sign: string) => readonly string[]): Edit[] {
  return node.children
    .filter((child) => child.kind === child.text)
    .flatMap((token) => others(token.text).map((other) => replaceNode(token, other)));
}

function argumentsOf(node: SyntaxNode): SyntaxNode[] {
  const list = node.kind === 'call' ? node.field('arguments') : undefined;
  if (list?.kind !== 'argument_list') return [];
  return list.children.filter((child) => !punctuation.includes(child.kind));
}

function parameterNames(scope: SyntaxNode): string[] {
  const parameters = scope.field('parameters')?.children ?? [];
  return parameters.flatMap((parameter) => {
    const name =
      parameter.kind === 'identifier' ? parameter : [...walk(parameter)].find((part) => part.kind === 'identifier');
    return name === undefined || name.text === 'self' ? [] : [name.text];
  });
}

function isMovable(statement: SyntaxNode): boolean {
  const isDocumentation = statement.children[0]?.kind === 'string';
  return (statement.kind === 'expression_statement' && !isDocumentation) || statement.kind === 'if_statement';
}
