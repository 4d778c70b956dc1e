// Lines that run between `begin` and `end`, measured by V8's own block coverage in this process: nothing to install and
// no second process. `takePreciseCoverage` resets the counters, so each case gets its own spectrum.
//
// Limits: code that runs while a module is imported belongs to no case; cases that run at the same time share what they
// run; child processes and worker threads of the code under test are not seen; transformed code counts only when it
// carries an inline source map (vitest, tsx and ts-node do; type stripping keeps positions and needs none).
'use strict';

const { Session } = require('node:inspector');
const { SourceMap } = require('node:module');
const path = require('node:path');
const report = require('./report.cjs');

const session = new Session();
const scripts = new Map();
let started = false;

function post(method, parameters) {
  let answer;
  session.post(method, parameters, (error, result) => {
    if (!error) answer = result;
  });
  return answer;
}

function connect() {
  started = true;
  session.connect();
  post('Debugger.enable');
  post('Debugger.setSkipAllPauses', { skip: true });
  post('Profiler.enable');
  post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
}

exports.begin = () => {
  if (!started) connect();
  post('Profiler.takePreciseCoverage');
};

exports.end = (file, titles) => {
  const covered = takeLines();
  if (covered !== undefined)
    report.write({ kind: 'covered', file: report.absolute(file), titles, covered: listed(covered) });
};

exports.takeLines = takeLines;
exports.listed = listed;

/** The lines of each file that ran since they were last taken; undefined when nothing measures. */
function takeLines() {
  const taken = post('Profiler.takePreciseCoverage');
  if (taken === undefined) return undefined;
  const covered = new Map();
  for (const script of taken.result) addScript(covered, script);
  return covered;
}

/** Sets of lines by file, as a report holds them. */
function listed(covered) {
  const lines = [...covered].map(([file, set]) => ({ file, lines: [...set].sort((a, b) => a - b) }));
  return lines.filter((entry) => entry.lines.length > 0);
}

function addScript(covered, { scriptId, url, functions }) {
  const file = report.projectFile(url);
  if (file === undefined) return;
  const script = describeScript(scriptId);
  if (script === undefined) return;
  for (const place of runPlaces(script, functions, file)) {
    if (!covered.has(place.file)) covered.set(place.file, new Set());
    covered.get(place.file).add(place.line);
  }
}

function describeScript(scriptId) {
  if (!scripts.has(scriptId)) scripts.set(scriptId, readScript(scriptId));
  return scripts.get(scriptId);
}

function readScript(scriptId) {
  const source = post('Debugger.getScriptSource', { scriptId })?.scriptSource;
  if (source === undefined) return undefined;
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return { source, starts, map: inlineMap(source) };
}

function inlineMap(source) {
  const at = source.lastIndexOf('sourceMappingURL=data:application/json');
  if (at < 0) return undefined;
  const encoded = /base64,([A-Za-z0-9+/=]+)/.exec(source.slice(at))?.[1];
  try {
    return new SourceMap(JSON.parse(Buffer.from(encoded, 'base64').toString('utf8')));
  } catch {
    return undefined; // A broken map: positions are then taken as they are.
  }
}

/** Where each word of code that ran was written. */
function* runPlaces({ source, starts, map }, functions, file) {
  const ran = runCharacters(source, functions);
  let line = 0;
  for (const { index } of source.matchAll(/[\w$'"`]+/g)) {
    if (ran[index] !== 1) continue;
    while ((starts[line + 1] ?? Infinity) <= index) line += 1;
    if (map === undefined) yield { file, line: line + 1 };
    else yield* originalPlace({ map, file, ran, line, start: starts[line] }, index);
  }
}

/** Inner functions and blocks are told apart from what is around them by being written over it, largest first. */
function runCharacters(source, functions) {
  const ran = new Uint8Array(source.length);
  const outerFirst = [...functions].sort((a, b) => size(b) - size(a));
  for (const { ranges } of outerFirst)
    for (const range of ranges) ran.fill(range.count > 0 ? 1 : 0, range.startOffset, range.endOffset);
  return ran;
}

function size({ ranges }) {
  return ranges[0].endOffset - ranges[0].startOffset;
}

/** A mapping counts only when its own start ran: code that a transform added maps to whatever stands before it. */
function* originalPlace({ map, file, ran, line, start }, index) {
  const { generatedLine, generatedColumn, originalLine, originalSource } = map.findEntry(line, index - start);
  if (originalLine === undefined || generatedLine !== line || ran[start + generatedColumn] !== 1) return;
  const isAbsolute = path.isAbsolute(originalSource) || originalSource.includes('://');
  const original = report.projectFile(isAbsolute ? originalSource : path.resolve(path.dirname(file), originalSource));
  if (original !== undefined) yield { file: original, line: originalLine + 1 };
}
