/**
 * Whether a file still parses after a proposal, without parsing the whole file for each.
 *
 * The smallest statement, class member or module item that holds the change is parsed alone, in a wrapper that allows what its
 * place allows, and with long blocks that the change does not touch left out. A unit that does not parse in its wrapper as it
 * stands is passed over for a larger one, up to the whole file. A text that differs from one tried before in its names, numbers
 * and words alone parses as that one did.
 */
import { tokenClasses } from '../code-tokens.ts';
import type { ParsedSource } from '../syntax/parsed-source.ts';
import { ancestorsOf, isListedStatement, isStatement, type SyntaxNode } from '../syntax/syntax-node.ts';
import type { Proposal } from './repair-operator.ts';

const maxKeyedLength = 400;
const longBlock = 40;

export class ReparseCheck {
  readonly #parsed: ParsedSource;
  readonly #isPython: boolean;
  readonly #isUsable = new Map<SyntaxNode, boolean>();
  readonly #parsesAs = new Map<string, boolean>();

  constructor(parsed: ParsedSource) {
    this.#parsed = parsed;
    this.#isPython = parsed.language === 'python';
  }

  parsesAfter(node: SyntaxNode, proposal: Proposal): boolean {
    if (this.#isDeletion(node, proposal)) return true;
    const unit = [node, ...ancestorsOf(node)].find((each) => this.#holds(each, proposal)) ?? this.#parsed.root;
    const text = this.#standsAlone(unit, proposal) ? this.#beside(unit, proposal) : this.#changed(unit, proposal);
    const key = this.#keyOf(unit, text, proposal);
    const known = key === undefined ? undefined : this.#parsesAs.get(key);
    if (known !== undefined) return known;
    const isSound = this.#parsed.parses(this.#parsed.wrap(unit, text));
    if (key !== undefined) this.#parsesAs.set(key, isSound);
    return isSound;
  }

  /** A statement with its line out of a list that keeps others. */
  #isDeletion(node: SyntaxNode, { start, end, replacement }: Proposal): boolean {
    const { source } = this.#parsed;
    if (replacement !== '' || !isListedStatement(node) || (node.parent?.children.length ?? 0) < 2) return false;
    return start <= node.start && end > node.end && source[start - 1] === '\n' && source[end - 1] === '\n';
  }

  /** New statements beside an empty one. */
  #beside(unit: SyntaxNode, { start, replacement }: Proposal): string {
    const empty = this.#isPython ? 'pass' : ';';
    return start === unit.start ? replacement + empty : empty + replacement;
  }

  #changed(unit: SyntaxNode, proposal: Proposal): string {
    const { source } = this.#parsed;
    const [from, to] = unit.shape === 'program' ? [0, source.length] : [unit.start, unit.end];
    const before = unit.shape === 'program' ? [] : blocksBeside(unit, proposal);
    const parts = [...before, { ...proposal, text: proposal.replacement }].toSorted((a, b) => a.start - b.start);
    const empty = this.#isPython ? 'pass' : '{}';
    let at = from;
    let text = '';
    for (const part of parts) {
      text += source.slice(at, part.start) + ('text' in part ? part.text : empty);
      at = part.end;
    }
    return text + source.slice(at, to);
  }

  /** Equal for texts that the grammar cannot tell apart: all of a short unit, or the change alone of a long one. */
  #keyOf(unit: SyntaxNode, text: string, proposal: Proposal): string | undefined {
    const whole = text.length <= maxKeyedLength ? tokenClasses(text) : undefined;
    if (whole !== undefined) return `${this.#parsed.wrap(unit, '')}:${whole}`;
    const part = this.#touchesWord(proposal) ? undefined : tokenClasses(proposal.replacement);
    return part === undefined ? undefined : `${unit.start}:${unit.end}:${proposal.start}:${proposal.end}:${part}`;
  }

  /** Beside a letter, a digit, a quote or a dot the first or last token of a text may become part of another one. */
  #touchesWord({ start, end, replacement }: Proposal): boolean {
    const { source } = this.#parsed;
    const first = (source[start - 1] ?? ' ') + (replacement[0] ?? ' ');
    const last = (replacement.at(-1) ?? ' ') + (source[end] ?? ' ');
    return replacement === '' || [first, last].some((seam) => /[\p{L}\p{N}_$"'`#\\]{2}|\d\.|\.\d/u.test(seam));
  }

  #holds(unit: SyntaxNode, proposal: Proposal): boolean {
    if (unit.shape === 'program') return true;
    if (proposal.start < unit.start || proposal.end > unit.end || !isUnit(unit)) return false;
    const isInside = unit.start < proposal.start && (this.#isPython || proposal.end < unit.end);
    return (isInside || this.#standsAlone(unit, proposal)) && this.#isParsable(unit);
  }

  /** Whether a change at the edge of a statement cannot run into its neighbours: it is put on lines of its own. */
  #standsAlone(unit: SyntaxNode, { start, end, replacement }: Proposal): boolean {
    const { source } = this.#parsed;
    if (start !== end || !isListedStatement(unit)) return false;
    const lineStart = source.lastIndexOf('\n', unit.start - 1) + 1;
    if (lineStart === 0 || source.slice(lineStart, unit.start).trim() !== '') return false;
    return start === unit.start
      ? /^[\p{L}_$]/u.test(replacement) && /\s$/.test(replacement)
      : /^\r?\n/.test(replacement);
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

/** The long blocks below a node that end before a change or begin after it. */
function blocksBeside(node: SyntaxNode, proposal: Proposal): readonly SyntaxNode[] {
  if (node.end - node.start <= longBlock) return [];
  const isBeside = node.end < proposal.start || node.start > proposal.end;
  if (node.shape === 'block' && isBeside) return [node];
  return node.children.flatMap((child) => blocksBeside(child, proposal));
}
