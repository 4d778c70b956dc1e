// Reporter for mocha 8 and later.
'use strict';

const report = require('./report.cjs');

module.exports = class MochaReporter {
  constructor(runner) {
    report.writeStart();
    runner.on('pass', (test) => writeCase(test, 'passed'));
    runner.on('pending', (test) => writeCase(test, 'skipped'));
    runner.on('fail', (test, error) => writeCase(test, 'failed', error));
    runner.once('end', () => report.write({ kind: 'end' }));
  }
};

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
