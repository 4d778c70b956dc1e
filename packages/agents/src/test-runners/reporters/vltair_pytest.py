"""A pytest plugin (`-p vltair_pytest`) that reports every case. pytest 6 and later; needs nothing beyond pytest."""
import os

import pytest

import vltair_report as report

_seen = {}
_tracer = None


def pytest_sessionstart(session):
    global _tracer
    report.start()
    if report.settings["coverage"]:
        from vltair_tracer import Tracer

        _tracer = Tracer(report.root)


def pytest_sessionfinish(session):
    report.end()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    report.write({"kind": "started", "file": _file_of(item), "titles": _titles_of(item)})
    if _tracer:
        _tracer.begin()


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    phase = outcome.get_result()
    record = _seen.setdefault(item.nodeid, {"status": "passed", "durationMs": 0.0})
    record["durationMs"] += call.duration * 1000
    if phase.skipped and record["status"] != "failed":
        record["status"] = "skipped" if not hasattr(phase, "wasxfail") else "passed"
    if phase.failed and record["status"] != "failed":
        record["status"] = "failed"
        record["error"] = _describe(call.excinfo, phase)
    if call.when == "teardown":
        _write(item, _seen.pop(item.nodeid))


def pytest_exception_interact(node, call):
    if isinstance(node, pytest.Item):
        return
    error = call.excinfo.value
    cause = error.__cause__ or error
    _write_load_error(node, cause)


def _write_load_error(node, cause):
    error = report.describe(type(cause), cause, cause.__traceback__)
    report.write({"kind": "load_error", "file": _file_of(node), "error": error})


def _describe(excinfo, phase):
    if excinfo is None:  # A strict xfail that passed raises nothing.
        return {"message": str(phase.longrepr)}
    return report.describe(excinfo.type, excinfo.value, excinfo.tb)


def _write(item, record):
    covered = _tracer.end() if _tracer else None
    record.update(kind="case", file=_file_of(item), titles=_titles_of(item), line=(item.location[1] or 0) + 1)
    if covered is not None:
        record["covered"] = covered
    report.write(record)


def _titles_of(item):
    return [node.name for node in item.listchain() if isinstance(node, (pytest.Class, pytest.Item))]


def _file_of(node):
    return os.path.realpath(str(getattr(node, "path", None) or node.fspath))
