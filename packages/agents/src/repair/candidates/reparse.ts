/**
 * Whether a file still parses after a proposal, without parsing the whole file for each.
 *
 * The smallest statement, class member or module item that holds the change strictly inside is parsed alone, in a wrapper that
 * allows what its place allows. A unit that does not parse in its wrapper as it stands is passed over for a larger one, up to
 * the whole file.
 */
import type { ParsedSource } from '../syntax/parsed-source.ts';
import { ancestorsOf, isStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Proposal } from './repair-operator.ts';

export class ReparseCheck {
  readonly #parsed: ParsedSource;
  readonly #isUsable = new Map<SyntaxNode, boolean>();

  constructor(parsed: ParsedSource) {
    this.#parsed = parsed;
  }

  parsesAfter(node: SyntaxNode, proposal: Proposal): boolean {
    const unit = [node, ...ancestorsOf(node)].find((each) => this.#holds(each, proposal)) ?? this.#parsed.root;
    const { source } = this.#parsed;
    const [from, to] = unit.shape === 'program' ? [0, source.length] : [unit.start, unit.end];
    const text = source.slice(from, proposal.start) + proposal.replacement + source.slice(proposal.end, to);
    return this.#parsed.parses(this.#parsed.wrap(unit, text));
  }

  #holds(unit: SyntaxNode, proposal: Proposal): boolean {
    if (unit.shape === 'program') return true;
    const isOpenEnded = this.#parsed.language === 'python';
    const isInside = unit.start < proposal.start && (isOpenEnded ? proposal.end <= unit.end : proposal.end < unit.end);
    return isInside && isUnit(unit) && this.#isParsable(unit);
  }

  #isParsable(unit: SyntaxNode): boolean {
    const known = this.#isUsable.get(unit);
    if (known !== undefined) return known;
    const isUsable = this.#parsed.parses(this.#parsed.wrap(unit, this.#parsed.source.slice(unit.start, unit.end)));
    this.#isUsable.set(unit, isUsable);
    return isUsable;
  }
}

function isUnit(node: SyntaxNode): boolean {
  const isMember = node.kind === 'MethodDefinition' || node.kind === 'PropertyDefinition';
  return isMember || isStatement(node) || node.parent?.shape === 'program';
}
