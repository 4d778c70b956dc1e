// Runs test commands, each in a fresh worker thread of this process: its own globals, its own modules, its own copy of the
// environment. Node 18 and later.
//
// Requests come in on descriptor 4: a line of hexadecimal digits that stands for a nonce and the arguments of `node`,
// separated by NUL. The answer on descriptor 3 is a line of that nonce, the exit code and whether something was left behind;
// the exit code is -1 for a command that cannot run here.
'use strict';

const { existsSync, readdirSync, writeSync } = require('node:fs');
const { Socket } = require('node:net');
const path = require('node:path');
const { pathToFileURL } = require('node:url');
const { Worker } = require('node:worker_threads');

const scratch = [process.env.TMPDIR, process.env.HOME, '/dev/shm'].filter((place) => place && existsSync(place));

const takesValue =
  /^(-r|-C|--(require|import|loader|experimental-loader|conditions|env-file|test-(reporter|reporter-destination|name-pattern)))$/;

/** What a runner that stays keeps for itself, by name. */
const ours = new Set();

/** What is there now is no command's. */
function ready() {
  for (const name of namesInScratch()) ours.add(name);
  writeSync(3, '\nready\n');
}

let waiting = '';
ready();
new Socket({ fd: 4, readable: true, writable: false }).setEncoding('latin1').on('data', (chunk) => {
  const lines = (waiting + chunk).split('\n');
  waiting = lines.pop();
  for (const line of lines) void answer(line);
});

async function answer(line) {
  const [nonce, ...words] = Buffer.from(line, 'hex').toString('utf8').split('\0');
  const exitCode = await exitCodeOf(words);
  const isLeft = namesInScratch().some((name) => !ours.has(name));
  writeSync(3, `\n${nonce} ${exitCode} ${isLeft ? 1 : 0}\n`);
}

async function exitCodeOf(words) {
  try {
    return await run(words);
  } catch {
    return -1; // What cannot run here runs in a process of its own, which says why.
  }
}

function namesInScratch() {
  return scratch.flatMap((place) => readdirSync(place).map((name) => path.join(place, name)));
}

async function run(words) {
  let at = 0;
  while (words[at]?.startsWith('-')) at += takesValue.test(words[at]) ? 2 : 1;
  const options = withoutReadable(words.slice(0, at));
  const [script, ...argv] = words.slice(at);
  if (path.basename(script) !== 'vitest.mjs') return await runWorker(path.resolve(script), options, argv);
  const { runVitest } = await import(pathToFileURL(path.join(__dirname, 'resident-vitest.mjs')).href);
  return await runVitest(path.resolve(script), argv, { ready, ours });
}

const readable = ['--test-reporter', 'spec', '--test-reporter-destination', 'stdout'];

/** Nobody reads what is printed here, and printing costs node:test a fifth of a short run. */
function withoutReadable(options) {
  const at = options.indexOf('spec') - 1;
  const isThere = at >= 0 && readable.every((word, index) => options[at + index] === word);
  return isThere ? [...options.slice(0, at), ...options.slice(at + readable.length)] : options;
}

function runWorker(script, execArgv, argv) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(script, {
      execArgv,
      argv,
      stdout: true,
      stderr: true,
      workerData: { testRunnerScript: script },
    });
    for (const stream of [worker.stdout, worker.stderr]) stream.resume();
    // What a test throws in nobody's name ends its worker as it would end a process: `exit` follows.
    worker.on('error', () => {});
    worker.on('exit', resolve);
    worker.on('messageerror', reject);
  });
}
