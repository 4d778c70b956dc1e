import type { SandboxResult } from '@vltair/sandbox';
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
type CommandOutput = Pick<SandboxResult, 'status' | 'stdout' | 'stderr' | 'exitCode'>;

/** The report of a command from its file, else from its standard output; a bare exit code is one case. */
export function readCommandReport(file: string, output: CommandOutput, title: string): Report {
  const { stdout } = output;
  const text = file.trim() === '' ? stdout : file;
  const marker = /\[TRUNCATED at \d+ bytes\]\s*$/.exec(text)?.[0].trim();
  const whole = marker === undefined ? text : text.slice(0, text.lastIndexOf(marker));
  const report = looksLikeJUnit(whole)
    ? parseJUnit(whole)
    : looksLikeTap(whole)
      ? parseTap(whole)
      : bareExit(output, title, whole);
  return marker === undefined || report.isComplete
    ? report
    : { ...report, problem: `the report was cut off: ${marker}` };
}

function bareExit({ status, exitCode, stderr }: CommandOutput, title: string, told: string): Report {
  const nothing = { cases: [], started: [], loadErrors: [], covered: [] };
  if (status !== 'OK') return { ...nothing, started: [{ titles: [title] }], isComplete: false };
  if (exitCode === 0)
    return { ...nothing, cases: [{ kind: 'case', titles: [title], status: 'passed' }], isComplete: true };
  const output = `${told}\n${stderr}`;
  const why = tellingLine(output);
  const message = `exit code ${exitCode}${why === undefined ? '' : `: ${why}`}`;
  const error = { message, stack: output.slice(-16_000) };
  return { ...nothing, cases: [{ kind: 'case', titles: [title], status: 'failed', error }], isComplete: true };
}
