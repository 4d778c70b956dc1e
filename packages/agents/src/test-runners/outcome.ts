import type { TestCase, TestResult } from '@vltair/protocol';
import type { Report } from './parse/report.ts';
import type { CommandEnd } from './resident.ts';
import { lastLine, tellingLine } from './parse/telling-line.ts';

export type Verdict = Pick<TestResult, 'outcome' | 'reason' | 'error'>;

export interface OutcomeFacts {
  readonly sandbox: CommandEnd;
  readonly report: Report;
  /** The cases that were asked for. */
  readonly cases: readonly TestCase[];
  /** Cases that had begun and did not end. */
  readonly unfinished: readonly TestCase[];
  /** Whether cases that nobody asked for failed too: the exit code then says nothing about those that were. */
  readonly othersFailed: boolean;
  /**
   * What the tests deleted of the directory that they ran in, together with our files in it; empty when these alone are
   * gone, undefined when they are not.
   */
  readonly deleted?: readonly string[] | undefined;
}

/**
 * What a run means. A failed case outranks a runner that died after it; a runner that ends badly is never `passed`, not even
 * when every case that it told of passed.
 */
export function decideOutcome(facts: OutcomeFacts): Verdict {
  return stopped(facts) ?? deletedTree(facts) ?? judged(facts);
}

function stopped(facts: OutcomeFacts): Verdict | undefined {
  const { sandbox, cases } = facts;
  if (sandbox.status === 'OK') return undefined;
  const progress = cases.length === 0 ? 'before any test finished' : `after ${counted(cases.length)}`;
  const reason = `${sandbox.reason} ${progress}${during(facts)}`;
  return { outcome: sandbox.status === 'TIMEOUT' ? 'timeout' : 'error', reason };
}

/** Tests that delete what they test say nothing that an edit could be checked against, whatever passed or failed before. */
function deletedTree(facts: OutcomeFacts): Verdict | undefined {
  const { deleted, report } = facts;
  if (deleted === undefined || (deleted.length === 0 && report.isComplete)) return undefined;
  const what = deleted.length === 0 ? 'the report of what they do' : `${listed(deleted)} while they ran`;
  const reason = `the tests deleted ${what}${during(facts)} (exit code ${facts.sandbox.exitCode}): ${known(facts)}`;
  const files = [...new Set([...facts.cases, ...facts.unfinished].flatMap(({ file }) => file ?? []))];
  const where = files.length === 0 ? {} : { where: listed(files) };
  return { outcome: 'error', reason, error: { reason: 'test_failed/tree_deleted', ...where } };
}

/** What is left to tell of a run whose report may be cut short. */
function known({ cases, sandbox }: OutcomeFacts): string {
  const failed = cases.filter(({ status }) => status === 'failed');
  const [first] = failed;
  if (first !== undefined)
    return `${failed.length} of ${counted(cases.length)} failed, ${JSON.stringify(first.id)} with ${first.message ?? 'no message'}`;
  const said = sandbox.exitCode === 0 ? '' : `; ${firstError(sandbox)}`;
  return cases.length === 0
    ? `no test is known to have finished${said}`
    : `${counted(cases.length)} told of, none failed${said}`;
}

function listed(names: readonly string[]): string {
  const shown = names.slice(0, 3).join(', ');
  return names.length <= 3 ? shown : `${shown} and ${names.length - 3} more`;
}

function judged(facts: OutcomeFacts): Verdict {
  const { sandbox, report, cases, othersFailed } = facts;
  if (isCommandNotFound(facts))
    return { outcome: 'error', reason: `the command was not found: ${firstError(sandbox)}` };
  if (cases.some(({ status }) => status === 'failed')) return { outcome: 'failed' };
  if (cases.length === 0 && facts.unfinished.length === 0) return withoutCases(facts);
  if (!report.isComplete) return { outcome: 'error', reason: incomplete(facts) };
  if (sandbox.exitCode !== 0 && !othersFailed) {
    return {
      outcome: 'error',
      reason: `no case failed, but the runner ended with exit code ${sandbox.exitCode}: ${firstError(sandbox)}`,
    };
  }
  if (cases.every(({ status }) => status === 'skipped'))
    return { outcome: 'no_tests', reason: `all of ${counted(cases.length)} were skipped` };
  return { outcome: 'passed' };
}

function isCommandNotFound({ sandbox, report }: OutcomeFacts): boolean {
  return report.root === undefined && [126, 127].includes(sandbox.exitCode);
}

function withoutCases({ sandbox, report }: OutcomeFacts): Verdict {
  const saysNone = /\bno tests? (?:files? )?(?:were )?(?:found|ran)\b/i.test(`${sandbox.stdout}\n${sandbox.stderr}`);
  if (report.isComplete || saysNone) return { outcome: 'no_tests', reason: 'the runner found no tests' };
  if (sandbox.exitCode === 0)
    return { outcome: 'error', reason: 'the runner ended with exit code 0, but its report is gone' };
  return {
    outcome: 'error',
    reason: `the runner ended with exit code ${sandbox.exitCode} before any test: ${firstError(sandbox)}`,
  };
}

function incomplete(facts: OutcomeFacts): string {
  const { sandbox, report, cases } = facts;
  const why = report.problem ?? 'a test or the code under test ended the process';
  return `the report stops after ${counted(cases.length)}${during(facts)} (exit code ${sandbox.exitCode}): ${why}`;
}

function during({ unfinished }: OutcomeFacts): string {
  const [first, ...others] = unfinished;
  if (first === undefined) return '';
  return others.length === 0
    ? ` during ${JSON.stringify(first.id)}`
    : ` during ${JSON.stringify(first.id)} and ${counted(others.length)} more`;
}

function counted(cases: number): string {
  return cases === 1 ? '1 case' : `${cases} cases`;
}

/** The line of the output that most likely says what went wrong. */
function firstError({ stdout, stderr }: CommandEnd): string {
  const output = `${stderr}\n${stdout}`;
  return tellingLine(output) ?? lastLine(output) ?? 'it printed nothing';
}
