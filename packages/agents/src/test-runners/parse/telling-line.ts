import { plainText } from './escape-sequences.ts';

const LONGEST = 300;

/** The line of an output that most likely says what went wrong; `undefined` when none speaks of an error. */
export function tellingLine(output: string): string | undefined {
  const lines = linesOf(output);
  const telling =
    lines.find((line) => /^(?:[\w.]*Error\b[ :]|[\w.]*Exception:|.*: not found|.*No module named)/.test(line)) ??
    lines.find((line) => /error/i.test(line));
  return telling?.slice(0, LONGEST);
}

/** The last line that holds anything. */
export function lastLine(output: string): string | undefined {
  return linesOf(output).at(-1)?.slice(0, LONGEST);
}

function linesOf(output: string): string[] {
  return plainText(output)
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
