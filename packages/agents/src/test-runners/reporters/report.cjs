// The report that every JavaScript reporter here writes: one JSON record a line, appended as things happen, so that a
// run that is killed still tells what it had finished. The file lies beside this script. Plain CommonJS: it runs on the
// Node of the project under test (18.15 and later), never on ours.
'use strict';

const {
  appendFileSync,
  closeSync,
  existsSync,
  fstatSync,
  openSync,
  readFileSync,
  realpathSync,
  writeSync,
} = require('node:fs');
const path = require('node:path');
const { fileURLToPath } = require('node:url');
const { inspect } = require('node:util');

const reportFile = path.join(__dirname, 'report.jsonl');
const settings = readSettings();
// Held open from the start: tests that delete their own tree delete its name, not the file.
let held = openReport();
const root = path.resolve(__dirname, '..', settings.root);

function readSettings() {
  const file = path.join(__dirname, 'settings.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : { root: '.', coverage: false };
}

function openReport() {
  try {
    const file = openSync(reportFile, 'a', 0o666);
    return { file, inode: fstatSync(file).ino };
  } catch {
    return undefined; // The tests have deleted the directory already: `write` tries again, and the reader notices.
  }
}

/** Whether the descriptor still is the report: the code under test may close what it did not open, and reuse the number. */
function isHeld() {
  try {
    return held !== undefined && fstatSync(held.file).ino === held.inode;
  } catch {
    return false; // Closed.
  }
}

/** Appends one record. A report that cannot be written (the tests deleted it) is noticed by who reads it. */
function write(record) {
  const line = `${JSON.stringify(record)}\n`;
  try {
    if (isHeld()) writeSync(held.file, line);
    else appendFileSync(reportFile, line);
  } catch {
    // The reader finds no `end` record and says so; failing the user's run here would hide the tests' own verdict.
  }
}

function writeStart() {
  write({ kind: 'start', root });
}

/** Another run in the process of a runner that stays has a report of its own. */
function writeNextStart() {
  if (isHeld()) closeSync(held.file);
  held = openReport();
  writeStart();
}

function printed(value) {
  return typeof value === 'string'
    ? value
    : inspect(value, { depth: 6, sorted: true, maxStringLength: 4000, maxArrayLength: 200 });
}

function bounded(text, limit = 16_000) {
  const string = String(text);
  return string.length <= limit ? string : string.slice(0, limit);
}

/** What a thrown value says about itself. Vitest and mocha give plain objects or errors with `expected` and `actual`. */
function describeError(error) {
  if (error === null || typeof error !== 'object') return { message: bounded(printed(error)) };
  const description = { message: bounded(error.message ?? printed(error)) };
  if (typeof error.name === 'string') description.name = error.name;
  if (typeof error.stack === 'string') description.stack = bounded(error.stack);
  if (comparesValues(error)) {
    description.expected = bounded(printed(error.expected));
    description.actual = bounded(printed(error.actual));
  }
  return description;
}

/** Early vitest prints the values of every error, also of one that compared none. */
function comparesValues(error) {
  if (!('expected' in error) || !('actual' in error)) return false;
  return [error.expected, error.actual].some((value) => value !== undefined && value !== 'undefined');
}

/** The file as an absolute path without symbolic links, whatever form the runner has. */
function absolute(file) {
  if (typeof file !== 'string' || file === '') return undefined;
  const plain = file.startsWith('file://') ? fileURLToPath(file) : path.resolve(file);
  try {
    return realpathSync(plain);
  } catch {
    return plain; // A virtual module or a removed file: its own name is all there is.
  }
}

/** A file of the project: below the workspace, no dependency, nothing in a hidden directory (this script's among them). */
function projectFile(url) {
  const plain = url.split(/[?#]/, 1)[0];
  const file = plain.startsWith('file://') ? fileURLToPath(plain) : plain;
  if (!path.isAbsolute(file)) return undefined;
  const inside = path.relative(module.exports.root, file);
  return /^\.\.|^\.|node_modules|[\\/]\./.test(inside) ? undefined : file;
}

module.exports = {
  absolute,
  describeError,
  projectFile,
  root: realRoot(),
  settings,
  write,
  writeStart,
  writeNextStart,
};

function realRoot() {
  return absolute(root) ?? root;
}
