"""Runs unittest suites and reports every case. Started as `python3 vltair_unittest.py [selection.json]`.

Discovery starts in the working directory; a directory of tests that is no package is discovered by itself, as
`python3 -m unittest discover -s DIRECTORY` would.
"""
import os
import sys

# As `python3 -m unittest` does: a module of the project wins over one of the standard library, from the first import on.
sys.path.insert(0, os.getcwd())

import fnmatch
import inspect
import time
import unittest

import vltair_report as report

PATTERNS = ("test*.py", "*_test.py")
SKIPPED_DIRECTORIES = {"node_modules", "__pycache__", "site-packages", "venv", "env", "build", "dist"}


def main():
    report.start()
    tracer = _tracer()
    result = Result(tracer)
    suite = unittest.TestSuite(_wanted())
    suite.run(result)
    report.end()
    sys.exit(0 if result.wasSuccessful() else 1)


def _tracer():
    if not report.settings["coverage"]:
        return None
    from vltair_tracer import Tracer

    return Tracer(report.root)


def _wanted():
    """The selected cases. Their files alone are loaded when they are found in them, which saves loading all others."""
    names = {os.path.basename(wanted["file"]) for wanted in report.settings.get("selection") or []}
    own = _selected(_discover(names)) if names and all(_is_test_file(name) for name in names) else []
    return own or _selected(_discover(PATTERNS))


def _is_test_file(name):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in PATTERNS) and "[" not in name


def _discover(patterns):
    cases = {}
    for directory in _test_directories():
        top = os.getcwd() if _is_package(directory) else directory
        for pattern in sorted(patterns):
            for case in _flatten(unittest.TestLoader().discover(directory, pattern, top)):
                cases.setdefault((_file_of(case), _titles_of(case)), case)
    return [cases[key] for key in sorted(cases, key=lambda key: (key[0] or "", key[1]))]


def _test_directories():
    yield os.getcwd()
    for directory, names, files in os.walk(os.getcwd()):
        names[:] = sorted(n for n in names if n not in SKIPPED_DIRECTORIES and not n.startswith("."))
        has_tests = any(f.endswith(".py") and (f.startswith("test") or f.endswith("_test.py")) for f in files)
        if has_tests and directory != os.getcwd():
            yield directory


def _is_package(directory):
    """Every directory from the working directory down to this one is a package: importable from the top."""
    while directory != os.getcwd():
        if not os.path.exists(os.path.join(directory, "__init__.py")):
            return False
        directory = os.path.dirname(directory)
    return True


def _flatten(suite):
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from _flatten(item)
        else:
            yield item


def _is_failed_load(case):
    return type(case).__name__ in ("_FailedTest", "ModuleImportFailure", "LoadTestsFailure")


def _file_of(case):
    if _is_failed_load(case):
        name = getattr(case, "_testMethodName", "").replace(".", os.sep) + ".py"
        return next((f for f in (os.path.join(d, name) for d in _test_directories()) if os.path.exists(f)), None)
    try:
        return os.path.realpath(inspect.getfile(type(case)))
    except (TypeError, OSError):
        return None


def _titles_of(case):
    return (type(case).__qualname__, getattr(case, "_testMethodName", str(case)))


def _line_of(case):
    try:
        return inspect.getsourcelines(getattr(type(case), case._testMethodName))[1]
    except (AttributeError, TypeError, OSError):
        return None


def _selected(cases):
    selection = report.settings.get("selection")
    if not selection:
        return cases
    return [case for case in cases if any(_matches(case, wanted) for wanted in selection)]


def _matches(case, wanted):
    file = _file_of(case)
    if file is None or os.path.relpath(file, report.root) != wanted["file"]:
        return False
    return _is_failed_load(case) or wanted.get("path") in (None, " > ".join(_titles_of(case)))


class Result(unittest.TestResult):
    """Reports each case once, when it stops; failures of subtests count as their case's."""

    def __init__(self, tracer):
        super().__init__()
        self._tracer = tracer
        self._status = "passed"
        self._error = None
        self._started = 0.0

    def startTest(self, test):
        super().startTest(test)
        self._status, self._error, self._started = "passed", None, time.monotonic()
        report.write({"kind": "started", "file": _file_of(test), "titles": list(_titles_of(test))})
        if self._tracer:
            self._tracer.begin()

    def stopTest(self, test):
        covered = self._tracer.end() if self._tracer else None
        super().stopTest(test)
        self._write(test, covered)

    def _write(self, test, covered):
        file = _file_of(test)
        if _is_failed_load(test):
            report.write({"kind": "load_error", "file": file, "error": self._error})
            return
        record = {"kind": "case", "file": file, "titles": list(_titles_of(test)), "status": self._status}
        record["durationMs"] = (time.monotonic() - self._started) * 1000
        record["line"] = _line_of(test)
        record["error"] = self._error
        record["covered"] = covered
        report.write({key: value for key, value in record.items() if value is not None})

    def _fail(self, error):
        if self._status != "failed":
            self._status, self._error = "failed", report.describe(*error)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._failed_case(test, err)

    def addError(self, test, err):
        super().addError(test, err)
        self._failed_case(test, err)

    def _failed_case(self, test, err):
        self._fail(err)
        if not isinstance(test, unittest.TestCase):  # setUpClass, tearDownModule and their kind: no start, no stop.
            report.write({"kind": "case", "titles": [str(test)], "status": "failed", "error": self._error})
            self._status, self._error = "passed", None

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._fail(err)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._status = "skipped"

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._status, self._error = "failed", {"message": "unexpected success of an expected failure"}


if __name__ == "__main__":
    main()
