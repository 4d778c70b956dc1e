// Reporter for mocha 8 and later.
'use strict';

const { createRequire } = require('node:module');
const path = require('node:path');
const report = require('./report.cjs');

module.exports = class MochaReporter {
  constructor(runner, options) {
    report.writeStart();
    printSpecification(runner, options);
    runner.on('test', (test) =>
      report.write({ kind: 'started', file: report.absolute(test.file), titles: test.titlePath() }),
    );
    runner.on('pass', (test) => writeCase(test, 'passed'));
    runner.on('pending', (test) => writeCase(test, 'skipped'));
    runner.on('fail', (test, error) => writeCase(test, 'failed', error));
    runner.once('end', () => report.write({ kind: 'end' }));
  }
};

/** What a person is used to read; mocha takes one reporter only. */
function printSpecification(runner, options) {
  try {
    const { reporters } = createRequire(path.join(process.cwd(), 'package.json'))('mocha');
    new reporters.Spec(runner, options);
  } catch {
    // mocha cannot be loaded from here (an unusual install): the report is complete without it.
  }
}

function writeCase(test, status, error) {
  report.write({
    kind: 'case',
    file: report.absolute(test.file),
    titles: test.titlePath(),
    status,
    durationMs: test.duration,
    ...(error === undefined ? {} : { error: report.describeError(error) }),
  });
}
