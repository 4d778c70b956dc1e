/** What parsing gives: a tree with the means to parse changed parts of its source again, or the reason why not. */
import type { Language } from '../language.ts';
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
