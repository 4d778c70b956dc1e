import { plainText, type Paint } from './terminal-text.ts';

/** A unified diff for a terminal. Without colours it is the diff itself, control characters made visible. */
export function diffText(diff: string, paint: Paint): string {
  return plainText(diff)
    .split('\n')
    .map((line) => paintLine(line, paint))
    .join('\n');
}

function paintLine(line: string, paint: Paint): string {
  if (/^(diff |index |--- |\+\+\+ )/.test(line)) return paint('bold', line);
  if (line.startsWith('@@')) return paint('cyan', line);
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line;
}
