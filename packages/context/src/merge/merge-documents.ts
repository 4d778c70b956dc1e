import type { MergeLabels } from './conflict-markers.ts';
import { changeSummary, type ChangeSummary } from './line-changes.ts';
import { mergeCode, type SyntaxVerdict } from './merge-code.ts';
import type { DocumentKind, MergePolicy } from './merge-policy.ts';
import { mergeText, type MergedText } from './merge-text.ts';

/** One version of a document, as far as merging needs it. */
export interface MergeVersion {
  readonly kind: DocumentKind;
  readonly text: string;
  /** From where in the log it is valid: the higher one is the newer. */
  readonly position: number;
  /** Of code: the file that it is the content of. */
  readonly path?: string;
}

export type DocumentMerge =
  | ({ readonly kind: 'merged'; readonly text: string; readonly syntax?: SyntaxVerdict } & ChangeSummary)
  /** The text holds markers. */
  | ({ readonly kind: 'conflicted'; readonly syntax?: SyntaxVerdict } & MergedText)
  | { readonly kind: 'refused'; readonly because: 'policy' | 'kinds_differ' };

/**
 * Merges two versions of a document as its policy says. The base is what both come from, or undefined when both sides
 * added the document. Code is judged by its syntax as well, under the path that our side has. For `newest`, versions of
 * one position are told apart by their text alone, so that swapping the sides changes nothing.
 *
 * @throws VltairError `payload_too_large/text` for texts that are too large to be compared
 */
export function mergeDocuments(
  policy: MergePolicy,
  base: MergeVersion | undefined,
  ours: MergeVersion,
  theirs: MergeVersion,
  labels: MergeLabels = {},
): DocumentMerge {
  if (ours.kind !== theirs.kind || (base !== undefined && base.kind !== ours.kind)) {
    return { kind: 'refused', because: 'kinds_differ' };
  }
  return MERGES[policy]({ base: base?.text ?? '', ours, theirs, labels });
}

interface Versions {
  readonly base: string;
  readonly ours: MergeVersion;
  readonly theirs: MergeVersion;
  readonly labels: MergeLabels;
}

const MERGES: Readonly<Record<MergePolicy, (versions: Versions) => DocumentMerge>> = {
  three_way: mergeThreeWay,
  ours: ({ base, ours }) => taken(base, ours),
  theirs: ({ base, theirs }) => taken(base, theirs),
  newest: ({ base, ours, theirs }) => taken(base, newerOf(ours, theirs)),
  refuse: ({ base, ours, theirs }) => {
    if (ours.text === theirs.text || theirs.text === base) return taken(base, ours);
    return ours.text === base ? taken(base, theirs) : { kind: 'refused', because: 'policy' };
  },
};

function mergeThreeWay({ base, ours, theirs, labels }: Versions): DocumentMerge {
  const texts = { base, ours: ours.text, theirs: theirs.text, labels };
  const merged: MergedText & { readonly syntax?: SyntaxVerdict } =
    ours.kind === 'code' ? mergeCode({ ...texts, path: ours.path ?? '' }) : mergeText(texts);
  if (merged.conflicts > 0) return { kind: 'conflicted', ...merged };
  const { text, added, removed, syntax } = merged;
  return { kind: 'merged', text, added, removed, ...(syntax === undefined ? {} : { syntax }) };
}

function taken(base: string, { text }: MergeVersion): DocumentMerge {
  return { kind: 'merged', text, ...changeSummary(base, text) };
}

function newerOf(ours: MergeVersion, theirs: MergeVersion): MergeVersion {
  if (ours.position !== theirs.position) return ours.position > theirs.position ? ours : theirs;
  return ours.text > theirs.text ? ours : theirs;
}
