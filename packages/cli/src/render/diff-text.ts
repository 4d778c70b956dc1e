import { REDACTED } from '@vltair/protocol';
import { shellWord } from './shell-word.ts';
import { plainText, type PageStyle, type Paint } from './terminal-text.ts';

/**
 * A unified diff for people: control characters made visible, secrets hidden, lines painted. Where something was hidden a last
 * line says so, since what is shown is then no longer what would be applied.
 */
export function diffText(diff: string, { paint, clean }: Omit<PageStyle, 'command'>): string {
  const shown = clean(diff);
  const lines = plainText(shown).split('\n');
  return [...lines.map((line) => paintLine(line, paint)), ...(shown === diff ? [] : [hiddenLine(paint)])].join('\n');
}

/** What writes the change of a run into the files of its directory. */
export function writeCommand(at: {
  readonly command: string;
  readonly run: string;
  readonly repositoryPath: string;
}): string {
  const place = at.repositoryPath === '' ? '' : ` --directory=${shellWord(at.repositoryPath)}`;
  return `${at.command} show ${at.run} --diff | git apply${place}`;
}

function hiddenLine(paint: Paint): string {
  return paint(
    'yellow',
    `${REDACTED} stands for what looks like a secret; \`show ID --diff | git apply\` has the text itself.`,
  );
}

function paintLine(line: string, paint: Paint): string {
  if (/^(diff |index |--- |\+\+\+ )/.test(line)) return paint('bold', line);
  if (line.startsWith('@@')) return paint('cyan', line);
  if (line.startsWith('+')) return paint('green', line);
  if (line.startsWith('-')) return paint('red', line);
  return line;
}
