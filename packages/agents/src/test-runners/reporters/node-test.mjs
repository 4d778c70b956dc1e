// Reporter for node:test on Node 18.15 and later. Events arrive in declaration order for each file; `test:start` gives
// the names from the outermost suite inwards, so a stack of names by nesting depth is exact.
import { existsSync } from 'node:fs';
import report from './report.cjs';

export default async function* nodeTestReporter(source) {
  report.writeStart();
  const run = { names: [], started: [], parents: new Set(), stderr: new Map(), reported: new Map() };
  for await (const { type, data } of source) handlers[type]?.(run, data);
  report.write({ kind: 'end' });
  yield '';
}

const handlers = {
  'test:start': (run, data) => {
    run.names.length = data.nesting;
    run.names[data.nesting] = data.name;
  },
  'test:dequeue': (run, data) => {
    run.started.length = data.nesting;
    run.started[data.nesting] = data.name;
    if (run.started.includes(undefined)) return;
    const titles = [...run.started];
    const file = fileOf(data, titles);
    if (isFileItself(titles[0])) titles.shift();
    report.write({ kind: 'started', file, titles });
  },
  'test:stderr': (run, data) => appendStandardError(run, report.absolute(data.file), data.message),
  'test:pass': (run, data) => finish(run, data, skipped(data) ? 'skipped' : 'passed'),
  'test:fail': (run, data) => finish(run, data, todo(data) ? 'skipped' : 'failed'),
};

function skipped(data) {
  return (data.skip !== undefined && data.skip !== false) || todo(data);
}

function todo(data) {
  return data.todo !== undefined && data.todo !== false;
}

function appendStandardError(run, file, message) {
  const before = run.stderr.get(file) ?? '';
  if (before.length < 16_000) run.stderr.set(file, before + message);
}

function finish(run, data, status) {
  const titles = [...run.names.slice(0, data.nesting), data.name];
  const file = fileOf(data, titles);
  if (isFileItself(titles[0])) titles.shift();
  const error = data.details?.error;
  if (titles.length === 0) return finishFile(run, file, data, status);
  markParent(run, file, titles);
  const isContainer = data.details?.type === 'suite' || run.parents.has(key(file, titles));
  if (isContainer && (status !== 'failed' || error?.failureType === 'subtestsFailed')) return;
  record(run, {
    file,
    titles,
    line: data.line,
    status,
    durationMs: data.details?.duration_ms,
    ...failure(status, error),
  });
}

/** A whole file: told only when it failed without a failing case of its own (it did not load, or it exited early). */
function finishFile(run, file, data, status) {
  if (status !== 'failed' || run.reported.get(file)) return;
  const { exitCode, signal } = data.details?.error ?? {};
  const ending = signal ? `signal ${signal}` : `exit code ${exitCode ?? 'unknown'}`;
  const text = run.stderr.get(file) ?? `the test file ended with ${ending} before it had reported its cases`;
  report.write({ kind: 'load_error', file, ...(signal ? { signal } : {}), error: { message: text, stack: text } });
}

function record(run, testCase) {
  if (testCase.status === 'failed') run.reported.set(testCase.file, true);
  report.write({ kind: 'case', ...testCase });
}

function failure(status, error) {
  return status === 'failed' && error ? { error: describe(error) } : {};
}

/** node:test wraps what was thrown in an ERR_TEST_FAILURE whose cause is the interesting part. */
function describe(error) {
  const cause = error?.cause;
  return report.describeError(cause !== null && typeof cause === 'object' ? cause : (error ?? 'the test file failed'));
}

function markParent(run, file, titles) {
  for (let depth = 1; depth < titles.length; depth += 1) run.parents.add(key(file, titles.slice(0, depth)));
}

function key(file, titles) {
  return JSON.stringify([file, ...titles]);
}

function fileOf(data, titles) {
  return report.absolute(data.file) ?? (isFileItself(titles[0]) ? report.absolute(titles[0]) : undefined);
}

/** Node 18 and early 20 put a test named after the file around everything in it; later ones only when the file fails. */
function isFileItself(title) {
  return /\.[cm]?[jt]sx?$/.test(title) && existsSync(title);
}
