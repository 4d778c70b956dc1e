import type { Section } from './section.ts';

interface Heading {
  readonly start: number;
  readonly level: number;
  readonly title: string;
}

/** From heading to heading; named by the headings that a section stands under: `Install > On Linux`. */
export function markdownSections(text: string): readonly Section[] {
  const headings = headingsOf(text);
  const first = headings[0]?.start ?? text.length;
  const before = first > 0 ? [{ start: 0, end: first, symbol: undefined, members: [] }] : [];
  const path: Heading[] = [];
  const below = headings.map((heading, index) => {
    while ((path.at(-1)?.level ?? 0) >= heading.level) path.pop();
    path.push(heading);
    const symbol = path.map(({ title }) => title).join(' > ');
    return { start: heading.start, end: headings[index + 1]?.start ?? text.length, symbol, members: [] };
  });
  return [...before, ...below];
}

const FENCE = /^ {0,3}(`{3,}|~{3,})/;
const MARKED = /^ {0,3}(#{1,6})(?![^ \t])/;
/** A line of `=` or `-` under a line of text makes that one a heading. */
const UNDERLINE = /^ {0,3}(=+|-+)[ \t]*$/;
const NO_TEXT = /^\s*$|^ {4}|^ {0,3}(?:[-*+>|]|\d+[.)])/;

function headingsOf(text: string): readonly Heading[] {
  const headings: Heading[] = [];
  let fence: string | undefined;
  let above = { start: 0, line: '' };
  for (const { start, line } of bodyLines(text)) {
    const mark = FENCE.exec(line)?.[1];
    if (fence !== undefined) {
      if (mark?.startsWith(fence) === true) fence = undefined;
    } else if (mark !== undefined) fence = mark;
    else headings.push(...headingAt(start, line, above));
    above = { start, line: fence === undefined && mark === undefined ? line : '' };
  }
  return headings;
}

function headingAt(start: number, line: string, above: { readonly start: number; readonly line: string }): Heading[] {
  const [mark, signs] = MARKED.exec(line) ?? [];
  if (mark !== undefined && signs !== undefined)
    return [{ start, level: signs.length, title: withoutClosing(line.slice(mark.length).trim()) }];
  const underline = UNDERLINE.exec(line)?.[1];
  if (underline === undefined || NO_TEXT.test(above.line) || MARKED.test(above.line)) return [];
  return [{ start: above.start, level: underline.startsWith('=') ? 1 : 2, title: above.line.trim() }];
}

/** `# Title ##` is titled `Title`. */
function withoutClosing(title: string): string {
  let end = title.length;
  while (title[end - 1] === '#') end -= 1;
  const isClosing = end < title.length && (end === 0 || title[end - 1] === ' ' || title[end - 1] === '\t');
  return isClosing ? title.slice(0, end).trimEnd() : title;
}

/** The lines of the text, without the block of settings between `---` that it may begin with. */
function bodyLines(text: string): readonly { readonly start: number; readonly line: string }[] {
  let start = /^---[ \t]*\r?\n(?:[^]*?\n)?---[ \t]*\r?(?:\n|$)/.exec(text)?.[0].length ?? 0;
  return text
    .slice(start)
    .split('\n')
    .map((whole) => {
      const line = { start, line: whole.replace(/\r$/, '') };
      start += whole.length + 1;
      return line;
    });
}
