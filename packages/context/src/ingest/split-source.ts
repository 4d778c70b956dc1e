import { chunkIds } from './chunk-ids.ts';
import { blocksOf } from './join-sections.ts';
import { LineIndex } from './line-index.ts';
import { markdownSections } from './markdown-sections.ts';
import { pythonSections } from './python-sections.ts';
import { scriptSections } from './script-sections.ts';
import type { Section } from './section.ts';
import { DEFAULT_SPLIT_LIMITS, type SourceChunk, type SplitLimits } from './source-chunk.ts';
import { languageOf, type SourceLanguage } from './source-language.ts';
import { windowsOf } from './windows.ts';

export interface Source {
  /** Relative, with `/`; its ending says the language. */
  readonly path: string;
  readonly text: string;
  readonly limits?: Partial<SplitLimits>;
}

/**
 * Cuts a source into chunks along its syntax: functions, classes and (of large ones) methods with their doc comments,
 * sections of Markdown, and windows of what has no syntax, does not parse or is too large for one chunk.
 *
 * Every character lies in at least one chunk, chunks stand in the order of their starts, and none is blank: a text of
 * nothing but blanks has no chunk. The same source gives the same chunks.
 *
 * @throws RangeError for limits that no window could keep
 */
export function splitSource({ path, text, limits: given }: Source): readonly SourceChunk[] {
  const limits = checkedLimits({ ...DEFAULT_SPLIT_LIMITS, ...given });
  const language = languageOf(path);
  const whole: Section = { start: 0, end: text.length, symbol: undefined, members: [] };
  const sections = sectionsIn(text, language) ?? [];
  const blocks = blocksOf(text, sections.length > 0 ? sections : [whole], limits);
  const pieces = blocks.flatMap((block) =>
    windowsOf(text, block, limits).map(({ start, end }) => ({ start, end, symbol: block.symbol })),
  );
  const ids = chunkIds(
    path,
    pieces.map(({ symbol }) => symbol),
  );
  const lines = new LineIndex(text);
  return pieces.map(({ start, end, symbol }, index) => ({
    id: ids[index] ?? '',
    text: text.slice(start, end),
    start,
    end,
    startLine: lines.lineAt(start),
    endLine: lines.lineAt(end - 1),
    ...(symbol === undefined ? {} : { symbol }),
    language,
  }));
}

function sectionsIn(text: string, language: SourceLanguage): readonly Section[] | undefined {
  switch (language) {
    case 'javascript':
    case 'typescript':
    case 'tsx':
      return scriptSections(text, language);
    case 'python':
      return pythonSections(text);
    case 'markdown':
      return markdownSections(text);
    case 'text':
      return undefined;
  }
}

function checkedLimits(limits: SplitLimits): SplitLimits {
  const { minCharacters: min, maxCharacters: max, overlapCharacters: overlap } = limits;
  const areIntegers = [min, max, overlap].every((limit) => Number.isSafeInteger(limit) && limit >= 0);
  if (!areIntegers || max < 16 || min > max || overlap > max / 4) {
    throw new RangeError(`chunks of ${min} to ${max} characters that overlap by ${overlap} cannot be cut`);
  }
  return limits;
}
