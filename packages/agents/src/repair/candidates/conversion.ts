/** A value of the wrong type: `Number(x)` for `x`, `str(n)` for `n`, `Object.keys(map)` for `map`. */
import { childOf, childrenOf, type Shape, type SyntaxNode } from '../syntax/syntax-node.ts';
import { replaceAll } from './proposal.ts';
import { readsOnly } from './pure-calls.ts';
import type { RepairOperator, Site } from './repair-operator.ts';

const convertible: ReadonlySet<Shape> = new Set<Shape>(['identifier', 'member', 'subscript', 'call']);

/** What a place can be converted with; `_` stands for the text. */
const byPlace = {
  script: {
    walked: ['Object.keys(_)', 'Object.values(_)', 'Object.entries(_)', '_.entries()', '_.toReversed()'],
    compared: ['_.length', 'Number(_)', 'String(_)', 'Math.abs(_)'],
    computed: ['Number(_)', 'String(_)', 'Math.abs(_)', '_.length'],
    passed: ['..._', 'Number(_)', 'String(_)'],
    given: ['Number(_)', 'String(_)', 'Math.abs(_)', '_.length', 'Boolean(_)'],
  },
  python: {
    walked: ['_.items()', '_.values()', 'enumerate(_)', 'reversed(_)', 'sorted(_)', 'range(_)', 'range(len(_))'],
    compared: ['len(_)', 'int(_)', 'str(_)', 'abs(_)'],
    computed: ['int(_)', 'str(_)', 'float(_)', 'len(_)', 'abs(_)'],
    passed: ['*_', 'str(_)', 'int(_)'],
    given: ['int(_)', 'str(_)', 'list(_)', 'sorted(_)', 'len(_)', 'float(_)', 'bool(_)', 'abs(_)', 'set(_)'],
  },
} as const;
type Place = keyof (typeof byPlace)['script'];

export const conversion: RepairOperator = {
  name: 'conversion',
  *propose(node, site) {
    const place = convertible.has(node.shape) ? placeOf(node, site) : undefined;
    if (place === undefined) return;
    const text = site.textOf(node);
    const forms = byPlace[site.isPython ? 'python' : 'script'][place];
    yield* replaceAll(node, place === 'given' ? wrapped(node, text, site) : []);
    yield* replaceAll(
      node,
      forms.filter((form) => isUseful(form, text)).map((form) => form.replace('_', () => text)),
    );
  },
};

const maxWrappers = 4;

/** The value passed through a function that the code nearby calls with one argument. */
function wrapped(node: SyntaxNode, text: string, site: Site): readonly string[] {
  const calls = site
    .nearby(node)
    .filter(
      (each) => each.shape === 'call' && each.kind !== 'NewExpression' && childrenOf(each, 'argument').length === 1,
    );
  const names = calls.flatMap((each) => childOf(each, 'callee') ?? []).map((callee) => site.textOf(callee));
  const plain = [...new Set(names)].filter((name) => /^[\w$]+(\.[\w$]+)?$/.test(name) && !text.startsWith(`${name}(`));
  return plain.slice(0, maxWrappers).map((name) => `${name}(${text})`);
}

/** Not the conversion that is there, and no length of a length. */
function isUseful(form: string, text: string): boolean {
  const opening = form.slice(0, form.indexOf('_'));
  const isDone = opening !== '' && text.startsWith(opening);
  return !isDone && !(form === '_.length' && /(\.(length|size)|\))$/.test(text));
}

function placeOf(node: SyntaxNode, site: Site): Place | undefined {
  const parent = node.parent;
  if (node.role === 'iterable') return 'walked';
  if (node.role === 'argument') return readsOnly(node, site) ? undefined : 'passed';
  if (parent?.shape === 'binary') return placeOfOperator(parent.operators[0]?.text ?? '');
  if (parent?.shape === 'assignment' && node.role === 'value')
    return parent.operators[0]?.text === '=' ? 'given' : 'computed';
  if (parent?.shape === 'return') return 'given';
  return node.role === 'value' && parent?.shape === 'declarator' ? 'given' : undefined;
}

function placeOfOperator(operator: string): Place | undefined {
  if (/^([<>]=?|[!=]==?|is|is not)$/.test(operator)) return 'compared';
  return /^[+\-*/%]/.test(operator) ? 'computed' : undefined;
}
