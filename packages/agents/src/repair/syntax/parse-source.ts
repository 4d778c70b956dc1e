/** The one door to the parsers: a source and its language become a neutral tree, or a typed reason why not. */
import type { Language } from '../language.ts';
import { parseScript } from './javascript.ts';
import { parsePython } from './python.ts';
import type { SyntaxNode } from './syntax-node.ts';

export interface ParsedSource {
  readonly source: string;
  readonly language: Language;
  readonly root: SyntaxNode;
  /** Whether a text parses without any error, in the dialect in which the source did. */
  readonly parses: (text: string) => boolean;
  /** Wraps the (changed) text of a statement or class member so that it can be parsed alone. */
  readonly wrap: (node: SyntaxNode, text: string) => string;
}

export type ParseOutcome =
  | { readonly kind: 'parsed'; readonly parsed: ParsedSource }
  | { readonly kind: 'syntax_error'; readonly detail: string };

/**
 * Parses one source.
 *
 * @throws PythonParserUnavailable when the Python grammar cannot be loaded on this machine.
 */
export function parseSource(source: string, language: Language): ParseOutcome {
  return language === 'python' ? parsePython(source) : parseScript(source, language);
}
