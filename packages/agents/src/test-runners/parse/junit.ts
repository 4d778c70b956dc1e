import { SaxesParser } from 'saxes';
import type { Report, ReportedCase } from './report.ts';

interface OpenCase {
  readonly attributes: Readonly<Record<string, string>>;
  readonly suites: readonly Readonly<Record<string, string>>[];
  status: ReportedCase['status'];
  message: string;
  text: string;
}

/** Whether a text holds a JUnit report, perhaps among other output. */
export function looksLikeJUnit(text: string): boolean {
  return /<testsuites?[\s>/]/.test(text);
}

/**
 * Reads JUnit XML as pytest, node:test, jest-junit, Maven and Gradle write it. A report that is cut off or malformed gives
 * the cases before the fault and says so in `problem`; this never throws.
 */
export function parseJUnit(text: string): Report {
  const reader = new JUnitReader();
  const parser = new SaxesParser();
  let problem: string | undefined;
  parser.on('error', (error) => {
    problem ??= `the JUnit XML is broken: ${error.message}`;
  });
  parser.on('opentag', ({ name, attributes }) => reader.open(name, attributes));
  parser.on('closetag', ({ name }) => reader.close(name));
  parser.on('text', (content) => reader.text(content));
  parser.on('cdata', (content) => reader.text(content));
  parser.write(reportWithin(text)).close();
  return {
    cases: reader.cases,
    started: [],
    loadErrors: [],
    covered: [],
    isComplete: problem === undefined,
    ...(problem === undefined ? {} : { problem }),
  };
}

/** The XML among what else the command printed. */
function reportWithin(text: string): string {
  const start = /<testsuites?[\s>/]/.exec(text)?.index ?? 0;
  const end = Math.max(...['</testsuites>', '</testsuite>'].map((tag) => lastEnd(text, tag)));
  return text.slice(start, end > start ? end : undefined);
}

function lastEnd(text: string, tag: string): number {
  const at = text.lastIndexOf(tag);
  return at < 0 ? -1 : at + tag.length;
}

class JUnitReader {
  readonly cases: ReportedCase[] = [];
  readonly #suites: Readonly<Record<string, string>>[] = [];
  #current: OpenCase | undefined;
  #collects = false;

  open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (name === 'testsuite') this.#suites.push(attributes);
    if (name === 'testcase')
      this.#current = { attributes, suites: [...this.#suites], status: 'passed', message: '', text: '' };
    if (this.#current === undefined) return;
    if (name === 'skipped') this.#current.status = 'skipped';
    this.#collects = name === 'failure' || name === 'error';
    if (!this.#collects) return;
    this.#current.status = 'failed';
    this.#current.message ||= attributes['message'] ?? '';
  }

  text(content: string): void {
    if (this.#collects && this.#current !== undefined) this.#current.text += content;
  }

  close(name: string): void {
    if (name === 'testsuite') this.#suites.pop();
    if (name === 'failure' || name === 'error') this.#collects = false;
    if (name !== 'testcase' || this.#current === undefined) return;
    this.cases.push(toCase(this.#current));
    this.#current = undefined;
  }
}

function toCase({ attributes, suites, status, message, text }: OpenCase): ReportedCase {
  const file = attributes['file'] ?? suites.findLast((suite) => suite['file'] !== undefined)?.['file'];
  const line = Number(attributes['line'] ?? 0);
  const seconds = Number(attributes['time'] ?? Number.NaN);
  const error = { message: message === '' ? (text.trim().split('\n', 1)[0] ?? status) : message, stack: text };
  return {
    kind: 'case',
    titles: titlesOf(attributes, suites),
    status,
    ...(file === undefined ? {} : { file }),
    ...(line > 0 ? { line: Math.trunc(line) } : {}),
    ...(seconds >= 0 ? { durationMs: seconds * 1000 } : {}),
    ...(status === 'failed' ? { error } : {}),
  };
}

/** The class where the report names one, else the suites inside the outermost, then the case. */
function titlesOf(attributes: Readonly<Record<string, string>>, suites: OpenCase['suites']): string[] {
  const className = attributes['classname'] ?? '';
  const inner = suites.map((suite) => suite['name'] ?? '');
  const outer = className === '' || className === 'test' ? inner : [className];
  return [...outer.filter((title) => title !== ''), attributes['name'] ?? 'unnamed'];
}
