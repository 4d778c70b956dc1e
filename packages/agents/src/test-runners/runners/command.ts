import { looksLikeJUnit, parseJUnit } from '../parse/junit.ts';
import type { Report } from '../parse/report.ts';
import { tellingLine } from '../parse/telling-line.ts';
import { looksLikeTap, parseTap } from '../parse/tap.ts';
import { supportDirectory, type RunnerAdapter } from './runner-adapter.ts';

/** Names the file, for commands that write their report to one. */
const reportVariable = 'VLTAIR_TEST_REPORT';

/** Any command at all. It cannot be asked for a selection, so it always runs everything. */
export const command: RunnerAdapter = {
  language: 'shell',
  invoke: ({ command: { arguments: words } }) => ({
    argv: [words[0] ?? '/bin/true', ...words.slice(1)],
    environment: { [reportVariable]: `./${supportDirectory}/report` },
  }),
};

/** What a command left behind. */
interface CommandOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
}

/** The report of a command from its file, else from its standard output; a bare exit code is one case. */
export function readCommandReport(file: string, { stdout, stderr, exitCode }: CommandOutput, title: string): Report {
  const text = file.trim() === '' ? stdout : file;
  const marker = /\[TRUNCATED at \d+ bytes\]\s*$/.exec(text)?.[0].trim();
  const whole = marker === undefined ? text : text.slice(0, text.lastIndexOf(marker));
  const report = looksLikeJUnit(whole)
    ? parseJUnit(whole)
    : looksLikeTap(whole)
      ? parseTap(whole)
      : bareExit(exitCode, title, `${whole}\n${stderr}`);
  return marker === undefined || report.isComplete
    ? report
    : { ...report, problem: `the report was cut off: ${marker}` };
}

function bareExit(exitCode: number, title: string, output: string): Report {
  const why = tellingLine(output);
  const message = `exit code ${exitCode}${why === undefined ? '' : `: ${why}`}`;
  const error = { message, stack: output.slice(-16_000) };
  const status = exitCode === 0 ? 'passed' : 'failed';
  return {
    cases: [{ kind: 'case', titles: [title], status, ...(exitCode === 0 ? {} : { error }) }],
    started: [],
    loadErrors: [],
    covered: [],
    isComplete: true,
  };
}
