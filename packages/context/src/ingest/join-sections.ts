import type { Section } from './section.ts';
import type { SplitLimits } from './source-chunk.ts';

/** A stretch that becomes one chunk, or several windows when it is too large. */
export interface Block {
  readonly start: number;
  readonly end: number;
  /** Of the largest of the sections that were joined. */
  readonly symbol: string | undefined;
  /** How large that section is. */
  readonly symbolCharacters: number;
}

/**
 * Sections as blocks of a good size: one that is too large gives way to its members, one that is too small joins its
 * neighbour as long as both together are not too large, and so do neighbours without a name, such as imports. One of
 * nothing but blanks always joins.
 */
export function blocksOf(text: string, sections: readonly Section[], limits: SplitLimits): readonly Block[] {
  const blocks: Block[] = [];
  for (const leaf of leavesOf(sections, limits)) {
    const last = blocks.at(-1);
    if (last === undefined || !joins(text, last, leaf, limits)) blocks.push(leaf);
    else blocks.splice(-1, 1, merged(last, leaf));
    joinBehind(text, blocks, blocks.length - 2, limits);
  }
  joinBehind(text, blocks, blocks.length - 1, limits);
  return blocks;
}

function leavesOf(sections: readonly Section[], limits: SplitLimits): readonly Block[] {
  return sections.flatMap((section) => {
    const { start, end, symbol, members } = section;
    if (end - start > limits.maxCharacters && members.length > 0) return leavesOf(members, limits);
    return [{ start, end, symbol, symbolCharacters: symbol === undefined ? 0 : end - start }];
  });
}

/** A small block that found no room ahead of it may have some behind. */
function joinBehind(text: string, blocks: Block[], index: number, limits: SplitLimits): void {
  const [before, small] = [blocks[index - 1], blocks[index]];
  if (before === undefined || small === undefined || !joins(text, small, before, limits)) return;
  blocks.splice(index - 1, 2, merged(before, small));
}

/** Whether the first of two neighbours is to be joined to the second. */
function joins(text: string, block: Block, neighbour: Block, limits: SplitLimits): boolean {
  if (isBlank(text, block) || isBlank(text, neighbour)) return true;
  const isSmall = sizeOf(block) < limits.minCharacters;
  const areNameless = block.symbol === undefined && neighbour.symbol === undefined;
  return (isSmall || areNameless) && sizeOf(block) + sizeOf(neighbour) <= limits.maxCharacters;
}

function merged(first: Block, second: Block): Block {
  const named = second.symbolCharacters > first.symbolCharacters ? second : first;
  return { start: first.start, end: second.end, symbol: named.symbol, symbolCharacters: named.symbolCharacters };
}

function sizeOf({ start, end }: Block): number {
  return end - start;
}

function isBlank(text: string, { start, end }: Block): boolean {
  return text.slice(start, end).trim() === '';
}
