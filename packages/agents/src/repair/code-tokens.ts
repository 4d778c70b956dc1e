/** Source text as tokens, without parsing: enough to say that two texts differ by more than blanks, and by how much. */

const token = /(["'`])(?:\\[\s\S]|(?!\1)[^\\])*\1|[\p{L}\p{N}_$]+|[<>=!+\-*/%&|^~?]+|\S/gu;
const maxCells = 40_000;

const knownTokens = new Map<string, readonly string[]>();
const maxKnown = 500;
const maxKnownLength = 400;

/** Remembered for short texts: the same line is compared with each of its candidates. */
export function tokensOf(text: string): readonly string[] {
  const known = knownTokens.get(text);
  if (known !== undefined) return known;
  const tokens: readonly string[] = text.match(token) ?? [];
  if (text.length > maxKnownLength) return tokens;
  if (knownTokens.size >= maxKnown) knownTokens.clear();
  knownTokens.set(text, tokens);
  return tokens;
}

const reservedWord =
  /^(?:abstract|and|any|arguments|as|assert|async|await|break|case|catch|class|const|constructor|continue|debugger|declare|def|default|del|delete|do|elif|else|enum|eval|except|exec|export|extends|False|false|finally|for|from|function|get|global|if|implements|import|in|instanceof|interface|is|keyof|lambda|let|match|module|namespace|new|None|nonlocal|not|null|of|or|package|pass|print|private|protected|public|raise|readonly|return|satisfies|set|static|super|switch|this|throw|True|true|try|type|typeof|undefined|unique|using|var|void|while|with|yield)$/;

/**
 * A text with its names, whole numbers and quoted words made equal: two texts of the same classes are grammatical in the same
 * places. `undefined` when the text holds what a scan of tokens does not tell: patterns, labels, private names, other numbers.
 */
export function tokenClasses(text: string): string | undefined {
  if (/[/#`\\@]|\d\.|\b(?:break|continue)\b/.test(text)) return undefined;
  const classes = tokensOf(text.replaceAll('\n', ' \u23ce ')).map(classOf);
  return classes.includes(undefined)
    ? undefined
    : `${/^\s/.test(text) ? ' ' : ''}${classes.join(' ')}${lineShape(text)}`;
}

function classOf(text: string): string | undefined {
  if (/^["']/.test(text)) return text.length > 1 && text.at(-1) === text[0] ? `${text[0] ?? ''}text` : undefined;
  if (/^\d/.test(text)) return /^(?:0|[1-9]\d*)$/.test(text) ? '0' : undefined;
  return /^[\p{L}_$]/u.test(text) && !reservedWord.test(text) && !/^[rbuf]{1,2}$/i.test(text) ? 'name' : text;
}

/** Line breaks and the blanks after them mean something in Python. */
function lineShape(text: string): string {
  return [...text.matchAll(/\n[ \t]*/g)].map((match) => match[0]).join('');
}

/** The same for texts that differ in blanks alone; the indentation of a line counts when it means something. */
export function normalisedCode(text: string, isIndentationCode: boolean): string {
  if (!isIndentationCode) return tokensOf(text).join(' ');
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => `${/^[ \t]*/.exec(line)?.[0] ?? ''}${tokensOf(line).join(' ')}`).join('\n');
}

/** A change of a source, offsets in UTF-16 code units. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

/** What tells one change of a source from another: equal keys if and only if the changed texts are equal. */
export function changeKey(source: string, { start, end, replacement }: Change): string {
  const shift = end - start - replacement.length;
  const length = source.length - shift;
  const changedAt = (at: number): string | undefined =>
    at < start ? source[at] : at < start + replacement.length ? replacement[at - start] : source[at + shift];
  const shorter = Math.min(length, source.length);
  let head = start;
  while (head < shorter && source[head] === changedAt(head)) head += 1;
  let tail = Math.min(source.length - end, shorter - head);
  while (tail < shorter - head && source[source.length - 1 - tail] === changedAt(length - 1 - tail)) tail += 1;
  const text = Array.from({ length: length - tail - head }, (_, at) => changedAt(head + at)).join('');
  return `${head}+${source.length - tail - head}:${text}`;
}

/** How many tokens are removed plus how many are added: the length of the shortest edit script of the two token lists. */
export function tokenDistance(before: string, after: string): number {
  const [first, second] = withoutCommonEnds(tokensOf(before), tokensOf(after));
  if (first.length * second.length > maxCells) return first.length + second.length;
  return first.length + second.length - 2 * longestCommon(first, second);
}

/** What is left of two token lists without the tokens that both begin with and both end with. */
export function withoutCommonEnds(
  a: readonly string[],
  b: readonly string[],
): readonly [readonly string[], readonly string[]] {
  let start = 0;
  while (start < a.length && start < b.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  return [a.slice(start, a.length - end), b.slice(start, b.length - end)];
}

function longestCommon(a: readonly string[], b: readonly string[]): number {
  let row: readonly number[] = Array.from({ length: b.length + 1 }, () => 0);
  for (const word of a) {
    const next = [0];
    for (const [index, other] of b.entries()) {
      next.push(word === other ? (row[index] ?? 0) + 1 : Math.max(row[index + 1] ?? 0, next[index] ?? 0));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
