// Reporter for jest 27 and later.
'use strict';

const report = require('./report.cjs');

module.exports = class JestReporter {
  onRunStart() {
    report.writeStart();
  }

  /** jest 29 and later. */
  onTestCaseStart(test, { ancestorTitles, title }) {
    report.write({ kind: 'started', file: report.absolute(test.path), titles: [...ancestorTitles, title] });
  }

  onTestResult(test, result) {
    const file = report.absolute(test.path);
    for (const testCase of result.testResults) report.write({ kind: 'case', file, ...describeCase(testCase) });
    if (result.testExecError) {
      const { message, stack } = result.testExecError;
      report.write({
        kind: 'load_error',
        file,
        error: { message: result.failureMessage ?? message, stack: stack ?? result.failureMessage },
      });
    }
  }

  onRunComplete() {
    report.write({ kind: 'end' });
  }
};

const statuses = { passed: 'passed', failed: 'failed' };

function describeCase(testCase) {
  const failed = testCase.status === 'failed';
  return {
    titles: [...testCase.ancestorTitles, testCase.title],
    status: statuses[testCase.status] ?? 'skipped',
    durationMs: testCase.duration ?? undefined,
    line: testCase.location?.line,
    ...(failed ? { error: describeFailure(testCase) } : {}),
  };
}

/** `failureDetails` holds the thrown value; its `matcherResult` holds what `expect` compared. */
function describeFailure(testCase) {
  const text = testCase.failureMessages[0] ?? '';
  const detail = testCase.failureDetails?.[0];
  const compared = detail?.matcherResult ?? detail;
  return { ...report.describeError(compared ?? text), message: text.split(/\n\s+at /, 1)[0], stack: text };
}
