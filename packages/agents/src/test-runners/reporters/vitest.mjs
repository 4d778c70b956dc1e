// Reporter for vitest 1 and later. Version 3 and later call `onTestCaseResult`, `onTestModuleEnd` and `onTestRunEnd`;
// earlier ones call `onFinished` with the raw tasks. Both end in the raw task tree, which has kept its shape.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import report from './report.cjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const states = { pass: 'passed', fail: 'failed' };

export default class VitestReporter {
  written = new Set();

  onInit(vitest) {
    report.writeStart();
    for (const { config } of vitest.projects ?? [vitest]) {
      config.includeTaskLocation = true;
      if (report.settings.coverage) config.setupFiles.unshift(path.join(here, 'vitest-coverage.mjs'));
    }
  }

  /** Once, or once for each run in a vitest that stays. */
  onTestRunStart() {
    this.written.clear();
    report.writeNextStart();
  }

  onTestCaseReady({ task }) {
    report.write({ kind: 'started', file: report.absolute(task.file.filepath), titles: titlesOf(task) });
  }

  onTestCaseResult(testCase) {
    this.writeTask(testCase.task);
  }

  onTestModuleEnd(testModule) {
    this.writeFile(testModule.task);
  }

  onFinished(files = [], errors = []) {
    for (const file of files) this.writeFile(file);
    this.writeEnd(errors);
  }

  onTestRunEnd(modules, errors) {
    for (const testModule of modules) this.writeFile(testModule.task);
    this.writeEnd(errors);
  }

  writeEnd(errors) {
    for (const error of errors) report.write({ kind: 'load_error', error: report.describeError(error) });
    report.write({ kind: 'end' });
  }

  /** Everything of a file that has not been told yet: skipped cases, and failures of the file or of a suite's hooks. */
  writeFile(file) {
    this.writeChildren(file);
    const error = file.result?.errors?.[0];
    if (error === undefined || this.written.has(file.id)) return;
    this.written.add(file.id);
    report.write({ kind: 'load_error', file: report.absolute(file.filepath), error: report.describeError(error) });
  }

  writeChildren(suite) {
    for (const task of suite.tasks ?? []) {
      if (task.type !== 'suite') {
        this.writeTask(task);
        continue;
      }
      this.writeChildren(task);
      if (task.result?.errors?.length) this.writeTask(task);
    }
  }

  writeTask(task) {
    if (this.written.has(task.id)) return;
    this.written.add(task.id);
    const error = task.result?.errors?.[0];
    const status = states[task.result?.state] ?? 'skipped';
    report.write({
      kind: 'case',
      file: report.absolute(task.file.filepath),
      titles: titlesOf(task),
      line: task.location?.line,
      status,
      durationMs: task.result?.duration,
      ...(status === 'failed' && error ? { error: report.describeError(error) } : {}),
    });
  }
}

function titlesOf(task) {
  const titles = [task.name];
  for (let suite = task.suite; suite && suite !== task.file && suite.name; suite = suite.suite)
    titles.unshift(suite.name);
  return titles;
}
