import { readFileSync, writeFileSync } from 'node:fs';
import {
  codeOf,
  errorCatalogue,
  errorCodes,
  isErrorReason,
  type ErrorReason,
} from '../packages/protocol/src/errors.ts';

/** docs/errors.md, the error catalogue for readers. `node tools/errors-page.ts` checks the page, `--write` writes it. */
export const ERRORS_PAGE = new URL('../docs/errors.md', import.meta.url);

const FAULTS = { caller: 'the caller', operator: 'the operator', work: 'the work', us: 'us' } as const;

export function errorsPage(): string {
  const reasons = Object.keys(errorCatalogue).filter(isErrorReason);
  const sections = errorCodes.map((code) =>
    section(
      code,
      reasons.filter((reason) => codeOf(reason) === code),
    ),
  );
  return `${HEADER}\n${sections.filter((text) => text !== '').join('\n')}`;
}

const HEADER = `# Errors

Every refusal and failure has a code from a closed list and a reason, written \`code/reason\`. This page is made from the
catalogue in \`packages/protocol/src/errors.ts\` by \`node tools/errors-page.ts --write\`.

Fault says who can mend it: the caller (input), the operator (machine, configuration), the work (the user's code or
tests), or us (a bug of vltair). What can be retried is tried again by the runtime while there are attempts and time left.
Exit codes: 0 done, 1 run failed, 2 usage, 3 waiting for a person, 130 interrupted.
`;

function section(code: string, reasons: readonly ErrorReason[]): string {
  if (reasons.length === 0) return '';
  const head = ['Reason', 'What is wrong', 'Fault', 'Retried', 'Exit', 'What to do'];
  const table = [head, ...reasons.map(row)];
  const widths = head.map((_, column) => Math.max(...table.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(' | ')} |\n`;
  const rule = line(widths.map((width) => '-'.repeat(width)));
  return `## ${code}\n\n${line(head)}${rule}${table.slice(1).map(line).join('')}`;
}

function row(reason: ErrorReason): readonly string[] {
  const { summary, fault, retryable, exitCode, next } = errorCatalogue[reason];
  const cells = [`\`${reason}\``, summary, FAULTS[fault], retryable ? 'yes' : 'no', String(exitCode), next];
  return cells.map((cell) => cell.replaceAll('|', '\\|'));
}

if (import.meta.main) {
  if (process.argv.includes('--write')) writeFileSync(ERRORS_PAGE, errorsPage());
  else if (readFileSync(ERRORS_PAGE, 'utf8') !== errorsPage()) {
    console.error('docs/errors.md differs from the catalogue; run: node tools/errors-page.ts --write');
    process.exitCode = 1;
  }
}
