/** Another comparison: `<` for `<=`, `is not` for `is`. */
import type { SyntaxNode } from '../syntax/syntax-node.ts';
import type { Proposal, RepairOperator, Site } from './repair-operator.ts';

/** Boundary first, then direction, then the rest. */
const scriptAlternatives: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>', '>=', '!=='],
  '<=': ['<', '>=', '>', '==='],
  '>': ['>=', '<', '<=', '!=='],
  '>=': ['>', '<=', '<', '==='],
  '==': ['!=', '===', '<=', '>='],
  '!=': ['==', '!==', '<', '>'],
  '===': ['!==', '<=', '>=', '=='],
  '!==': ['===', '<', '>', '!='],
};

const pythonAlternatives: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>', '>=', '!='],
  '<=': ['<', '>=', '>', '=='],
  '>': ['>=', '<', '<=', '!='],
  '>=': ['>', '<=', '<', '=='],
  '==': ['!=', '<=', '>=', 'is', 'in'],
  '!=': ['==', '<', '>', 'is not', 'not in'],
  is: ['is not', '=='],
  'is not': ['is', '!='],
  in: ['not in', '=='],
  'not in': ['in', '!='],
};

export const comparison: RepairOperator = { name: 'comparison', propose: proposeComparisons };

function* proposeComparisons(node: SyntaxNode, site: Site): Generator<Proposal> {
  if (node.shape !== 'binary') return;
  const alternatives = site.isPython ? pythonAlternatives : scriptAlternatives;
  for (const token of node.operators) {
    for (const text of alternatives[token.text] ?? []) yield { start: token.start, end: token.end, replacement: text };
  }
}
