// Stands where jest would be installed and gives its reporters what jest 30.5.2 gave them, recorded from a real run.
'use strict';

const { readFileSync } = require('node:fs');
const path = require('node:path');

const recorded = readFileSync(path.join(__dirname, 'results.json'), 'utf8').replaceAll('/project', process.cwd());
const named = process.argv[process.argv.lastIndexOf('--reporters') + 1];
const Reporter = require(path.resolve(named));
const reporter = new Reporter();
reporter.onRunStart();
for (const { path: file, result } of JSON.parse(recorded)) reporter.onTestResult({ path: file }, result);
reporter.onRunComplete();
process.exitCode = 1;
