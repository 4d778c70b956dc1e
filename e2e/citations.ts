// Reads from a test's source which claims it cites: every `verifies('ID')` inside the callback of a test that runs.
import type { Node } from 'oxc-parser';
import { type Problem, type Source, dottedName, problemAt, walk } from '../tools/source.ts';

export interface Citation {
  readonly id: string;
  readonly path: string;
  readonly line: number;
  /** Where the citing test starts in its file; two citations with the same place come from one test. */
  readonly test: number;
}

export interface Citations {
  readonly cited: readonly Citation[];
  /** Calls that nobody can read statically, or that no test makes. */
  readonly problems: readonly Problem[];
}

const RULE = 'verifies';

export function citationsOf(source: Source): Citations {
  const cited: Citation[] = [];
  const problems: Problem[] = [];
  walk(source.program, (node, ancestors) => {
    if (node.type !== 'CallExpression' || dottedName(node.callee) !== RULE) return;
    const [argument] = node.arguments;
    const owner = ancestors.findLast((above) => isTestCall(above));
    if (argument?.type !== 'Literal' || typeof argument.value !== 'string') {
      problems.push(problemAt(source, node, RULE, 'takes one id as a string literal'));
    } else if (owner === undefined || ancestors.some((above) => isSkipped(above))) {
      problems.push(problemAt(source, node, RULE, `'${argument.value}' is cited outside a test that runs`));
    } else {
      const { line } = problemAt(source, node, RULE, '');
      cited.push({ id: argument.value, path: source.path, line, test: owner.start });
    }
  });
  return { cited, problems };
}

/** `test(...)`, `test.each(...)(...)`, `it.concurrent(...)`: what is called, without its modifiers. */
function isTestCall(node: Node): boolean {
  return ['test', 'it'].includes(modifiersOf(node)[0] ?? '');
}

function isSkipped(node: Node): boolean {
  const [name = '', ...modifiers] = modifiersOf(node);
  return (
    ['test', 'it', 'describe', 'suite'].includes(name) && modifiers.some((word) => word === 'skip' || word === 'todo')
  );
}

function modifiersOf(node: Node): string[] {
  if (node.type !== 'CallExpression') return [];
  const { callee } = node;
  if (callee.type === 'CallExpression') return modifiersOf(callee);
  if (callee.type === 'TaggedTemplateExpression') return dottedName(callee.tag)?.split('.') ?? [];
  return dottedName(callee)?.split('.') ?? [];
}
