/** How a guard is written here: `if (a) return;`, or with brackets and lines, as the rest of the file does it. */
import type { SyntaxNode } from '../syntax/syntax-node.ts';
import { insertBefore } from './proposal.ts';
import type { Proposal, Site } from './repair-operator.ts';

interface GuardStyle {
  readonly isBracketed: boolean;
  readonly mark: string;
  /** One step of indentation. */
  readonly step: string;
}

const known = new WeakMap<Site, GuardStyle>();

/** A guard before a statement. */
export function guardText(node: SyntaxNode, test: string, exit: string, site: Site): readonly Proposal[] {
  const { isBracketed, mark, step } = styleOf(site);
  if (site.isPython) return insertBefore(node, [`if ${test}:`, `${step}${exit}`], site);
  if (isBracketed) return insertBefore(node, [`if (${test}) {`, `${step}${exit}${mark}`, '}'], site);
  return insertBefore(node, [`if (${test}) ${exit}${mark}`], site);
}

/** `;` where the file ends its statements with one. */
export function statementMark(site: Site): string {
  return styleOf(site).mark;
}

function styleOf(site: Site): GuardStyle {
  const style = known.get(site) ?? readStyle(site.source, site.isPython);
  known.set(site, style);
  return style;
}

function readStyle(source: string, isPython: boolean): GuardStyle {
  const count = (pattern: RegExp): number => source.match(pattern)?.length ?? 0;
  const isBracketed = count(/\bif \(.*\) \{[ \t]*$/gm) > count(/\bif \(.*\) (?:return|throw|continue|break)\b/g);
  const isMarked = count(/;[ \t]*$/gm) * 4 > count(/[\w)\]'"][ \t]*$/gm);
  const step = /^(\t| {2,8})\S/m.exec(source)?.[1] ?? (isPython ? '    ' : '  ');
  return { isBracketed, mark: isPython || !isMarked ? '' : ';', step };
}
