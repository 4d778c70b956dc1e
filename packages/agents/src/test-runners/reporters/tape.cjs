// Preloaded (`--require`) into the process that runs tape 4 or 5. tape takes no reporter, and its TAP tells neither the file of
// a test nor where one ends, so every test is followed from the moment that tape's `Results` takes it up, nested ones too.
// A case is one test; its own assertions decide, not those of the tests inside of it.
'use strict';

const { existsSync, realpathSync } = require('node:fs');
const path = require('node:path');
const { performance } = require('node:perf_hooks');
const { isMainThread, workerData } = require('node:worker_threads');
const report = require('./report.cjs');

const coverage = report.settings.coverage ? require('./case-coverage.cjs') : undefined;
const now = performance.now.bind(performance); // Tests replace the clock.

const outerRecords = new WeakMap(); // A nested test to the record of the one around it.
let recordsMade = 0;
let loading; // The test file that tape loads now.
let current; // The record of the innermost test that runs.
let last; // The record of the test that began last.
let crash; // What was thrown and caught by nobody, and the record of the test that ran then.
let isExiting = false;
let isInterrupted = false; // The process ends while a test runs.

// A runner that stays gives each run a worker and says what it runs; workers that the tests start are not ours.
const script = isMainThread ? process.argv[1] : workerData?.testRunnerScript;
if (script !== undefined) watch(path.resolve(realpathSync(script), '..', '..'));

function watch(tapeHome) {
  leaveChildrenAlone();
  report.writeStart();
  coverage?.begin();
  watchResults(require(path.join(tapeHome, 'lib', 'results.js')));
  watchSkipped(require(path.join(tapeHome, 'lib', 'test.js')));
  watchLoading(path.join(tapeHome, 'bin', 'import-or-require.js'));
  process.on('uncaughtExceptionMonitor', (error) => {
    crash = { error, record: current };
  });
  process.on('exit', (code) => {
    isExiting = true;
    isInterrupted = current !== undefined;
    settle(code);
  });
}

/** Processes that the tests fork inherit `execArgv`, and would write into this report. */
function leaveChildrenAlone() {
  const at = process.execArgv.findIndex((word) => word.endsWith(path.basename(__filename)));
  if (at > 0) process.execArgv.splice(at - 1, 2);
}

function watchResults({ prototype }) {
  const { _watch, close } = prototype;
  prototype._watch = function watchAndFollow(test) {
    follow(test);
    return _watch.call(this, test);
  };
  // tape closes its results while the process exits, after it has failed what did not end; other harnesses close before.
  prototype.close = function closeAndTell() {
    if (isExiting) report.write({ kind: 'end' });
    return close.call(this);
  };
}

/** `test.skip` makes a test that tape itself forgets. */
function watchSkipped(Test) {
  const { skip } = Test;
  Test.skip = (...words) => {
    const test = skip(...words);
    write(recordOf(test));
    return test;
  };
}

/** tape 5.1 and later load each test file through one function. */
function watchLoading(loader) {
  if (!existsSync(loader)) return;
  const load = require(loader);
  require.cache[loader].exports = (file) => {
    loading = report.absolute(file);
    return load(file);
  };
}

function follow(test) {
  const record = recordOf(test);
  test.on('test', (inner) => {
    record.hasInner = true;
    outerRecords.set(inner, record);
  });
  test.once('prerun', () => begin(record));
  test.on('result', (result) => {
    if (typeof result === 'object') take(record, result);
  });
  test.once('end', () => finish(record));
}

function recordOf(test) {
  const outer = outerRecords.get(test);
  recordsMade += 1;
  return {
    serial: recordsMade,
    ...placeOf(outer),
    titles: [...(outer?.titles ?? []), test.name],
    outer,
    isDirected: Boolean(test._skip || test._todo),
    hasInner: false,
    hasEnded: false,
    asserted: 0,
    excused: 0,
    lines: new Map(),
  };
}

/**
 * Where the call stands that makes a test. The file is the one that tape was given, not one that this loads: only that can be
 * run by itself. Line: of the outermost call in it.
 */
function placeOf(outer) {
  const places = projectPlaces(sinceRun(deepStack()));
  const file = outer?.file ?? loading ?? places.at(-1)?.file;
  return { file, line: places.findLast((place) => place.file === file)?.line };
}

function deepStack() {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 50;
  const { stack } = new Error('made here');
  Error.stackTraceLimit = stackTraceLimit;
  return stack;
}

/** A stack trace without what called the test: tape runs the next test inside of the `end` of the one before. */
function sinceRun(stack) {
  return stack.split(/\n\s*at Test\.(?:run|bound \[as run\]) /, 1)[0];
}

/** The places of a stack trace in the project, innermost first. */
function projectPlaces(stack) {
  return String(stack)
    .split('\n')
    .flatMap((text) => {
      const [, name, line] = /^\s*at (?:.* \()?((?:file:\/\/)?\/[^()]*?):(\d+):\d+\)?$/.exec(text) ?? [];
      const file = name === undefined ? undefined : report.projectFile(name);
      return file === undefined ? [] : [{ file: report.absolute(file), line: Number(line) }];
    });
}

function begin(record) {
  loading = undefined;
  switchTo(record);
  last = record;
  record.began = now();
  report.write({ kind: 'started', file: record.file, titles: record.titles });
}

/** What ran until now was run by the test that is left. */
function switchTo(record) {
  const lines = coverage?.takeLines();
  if (lines !== undefined && current !== undefined) addLines(current.lines, lines);
  current = record;
}

function addLines(all, lines) {
  for (const [file, set] of lines) all.set(file, new Set([...(all.get(file) ?? []), ...set]));
}

function take(record, result) {
  if (result.skip || result.todo) record.excused += 1;
  else record.asserted += 1;
  if (!result.ok && !result.todo) fail(record, describeResult(result));
}

/**
 * The first failure is told; one that comes after the end of its test corrects what was told before. tape fails every test
 * that a process leaves behind: the one that ran is to blame, not those that waited for it.
 */
function fail(record, error) {
  if (record.error !== undefined || (isInterrupted && record.began === undefined)) return;
  record.error = error;
  if (record.hasEnded) write(record);
  else if (isExiting) finish(record);
}

function finish(record) {
  if (record.hasEnded) return;
  record.hasEnded = true;
  if (record === current) switchTo(record.outer?.hasEnded === false ? record.outer : undefined);
  if (record.began !== undefined) record.durationMs = now() - record.began;
  write(record);
}

function write(record) {
  const { serial, file, titles, line, durationMs, error } = record;
  const covered = coveredBy(record);
  report.write({ kind: 'case', serial, file, titles, line, status: statusOf(record), durationMs, error, covered });
}

function statusOf({ error, isDirected, asserted, excused }) {
  if (error !== undefined) return 'failed';
  return isDirected || (excused > 0 && asserted === 0) ? 'skipped' : 'passed';
}

/** With what the tests around it ran until then: they often compute what it asserts. One that only holds others has none. */
function coveredBy(record) {
  const onlyHolds = record.hasInner && record.asserted === 0;
  if (coverage === undefined || record.began === undefined || onlyHolds) return undefined;
  const all = new Map();
  for (let each = record; each !== undefined; each = each.outer) addLines(all, each.lines);
  return coverage.listed(all);
}

/** What the process leaves behind. Where it ends by itself, tape fails the tests that did not end after this. */
function settle(code) {
  if (code !== 0 && crash !== undefined) return settleCrash(crash);
  if (code !== 0) return undefined;
  if (recordsMade === 0) report.write({ kind: 'end' });
  if (current?.outer !== undefined) fail(current, { message: `test exited without ending: ${current.titles.at(-1)}` });
  return undefined;
}

/** A test that ran has failed; so has a file that did not load, or whose test went on after its end. */
function settleCrash({ error, record }) {
  const described = describeThrown(error);
  if (record !== undefined && !record.hasEnded) {
    record.error = described;
    finish(record);
    return;
  }
  const file = last === undefined ? (loading ?? projectPlaces(error?.stack).at(-1)?.file) : last.file;
  if (file !== undefined) report.write({ kind: 'load_error', file, error: described });
}

function describeThrown(error) {
  const described = report.describeError(error);
  return described.stack === undefined ? described : { ...described, stack: sinceRun(described.stack) };
}

/** A thrown error has a message, a stack and maybe values of its own. */
function describeResult({ name, operator, error, actual, expected }) {
  const message = String(name);
  if (operator === 'error' && error instanceof Error) {
    const described = describeThrown(error);
    return message === String(error) ? described : { ...described, message: `${message}: ${described.message}` };
  }
  const stacks = [actual?.stack, error?.stack].filter((text) => typeof text === 'string');
  const stack = [...new Set(stacks)].map(sinceRun).join('\n');
  const values = operator === 'fail' ? {} : { expected: plain(expected), actual: plain(actual) };
  return report.describeError({ message, stack, ...values });
}

function plain(value) {
  return value instanceof Error ? String(value) : value;
}
