/** A test left out of a condition: that an object is there, or one that the code nearby makes. */
import { childOf, descend, type SyntaxNode } from '../syntax/syntax-node.ts';
import { replaceNode, tightText } from './proposal.ts';
import type { Proposal, Site } from './repair-operator.ts';

/** `x && condition` for the objects that the condition reads. */
export function* guardedCondition(node: SyntaxNode, site: Site): Generator<Proposal> {
  const inside = node.shape === 'parenthesis' ? (childOf(node, 'value') ?? node) : node;
  const objects = [...descend(inside, (each) => each.shape !== 'function')].filter(
    (each) => each.shape === 'identifier' && (each.role === 'object' || each.role === 'left'),
  );
  const names = [...new Set(objects.map((each) => site.textOf(each)))]
    .filter((name) => !/^(self|cls)$/.test(name))
    .slice(0, 2);
  const condition = inside.shape === 'binary' ? looseText(inside, site) : site.textOf(inside);
  for (const name of names) {
    const tests = site.isPython ? [`${name} and`, `${name} is not None and`] : [`${name} &&`, `${name} != null &&`];
    for (const test of tests) yield replaceNode(inside, `${test} ${condition}`);
  }
  yield* borrowedConjuncts(inside, site);
}

const maxBorrowed = 5;

/** A test that the code nearby makes, where every name of it is known here too. */
function* borrowedConjuncts(inside: SyntaxNode, site: Site): Generator<Proposal> {
  const visible = new Set(site.scope.visibleAt(inside).map((each) => each.name));
  const text = site.textOf(inside);
  const tests = site.nearby(inside).filter((each) => isTest(each) && each.end - each.start <= 50);
  const known = tests.filter((each) =>
    [...descend(each)].every(
      (part) => part.shape !== 'identifier' || visible.has(site.textOf(part)) || /^(self|len)$/.test(site.textOf(part)),
    ),
  );
  const others = [...new Set(known.map((each) => site.textOf(each)))].filter(
    (other) => !text.includes(other) && !other.includes(text),
  );
  const [and, or] = site.isPython ? ['and', 'or'] : ['&&', '||'];
  const loose = inside.shape === 'binary' ? looseText(inside, site) : text;
  for (const other of others.slice(0, maxBorrowed)) {
    yield replaceNode(inside, `${loose} ${and ?? ''} ${other}`);
    yield replaceNode(inside, `${text} ${or ?? ''} ${other}`);
  }
}

/** Whether a node is one plain test inside a condition. */
function isTest(node: SyntaxNode): boolean {
  const isPart =
    node.role === 'condition' || node.parent?.operators.some((token) => /^(&&|\|\||and|or)$/.test(token.text)) === true;
  const isPlain =
    node.shape !== 'binary' || !node.operators.some((token) => /^(&&|\|\||\?\?|and|or)$/.test(token.text));
  return isPart && isPlain && node.shape !== 'parenthesis' && node.shape !== 'boolean';
}

/** A comparison may follow `&&` as it is; `||` and `??` may not. */
function looseText(node: SyntaxNode, site: Site): string {
  return node.operators.some((token) => ['||', '??', 'or'].includes(token.text))
    ? tightText(node, site)
    : site.textOf(node);
}
