"""The report that the Python runners write: one JSON record a line, appended as things happen. Python 3.8 and later."""
import json
import os
import traceback

_HERE = os.path.dirname(os.path.abspath(__file__))
_REPORT = os.path.join(_HERE, "report.jsonl")


def _read_settings():
    try:
        with open(os.path.join(_HERE, "settings.json"), encoding="utf-8") as file:
            return json.load(file)
    except OSError:
        return {"root": ".", "coverage": False}


settings = _read_settings()
root = os.path.realpath(os.path.join(_HERE, "..", settings["root"]))


def _open_report():
    """Held open from the start: tests that delete their own tree delete its name, not the file."""
    try:
        file = os.open(_REPORT, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
        return file, os.fstat(file).st_ino
    except OSError:
        return None


_held = _open_report()


def _is_held():
    """Whether the descriptor still is the report: tests may close what they did not open, and reuse the number."""
    try:
        return _held is not None and os.fstat(_held[0]).st_ino == _held[1]
    except OSError:
        return False


def write(record):
    """Appends one record; who reads the report notices when it could not be written."""
    line = (json.dumps(record) + "\n").encode("utf-8")
    try:
        if _is_held():
            os.write(_held[0], line)
            return
        with open(_REPORT, "ab") as file:
            file.write(line)
    except OSError:
        pass


def start():
    write({"kind": "start", "root": root})


def end():
    write({"kind": "end"})


def describe(kind, error, trace):
    """What an exception says about itself, with its traceback as Python prints it."""
    text = "".join(traceback.format_exception(kind, error, trace))
    return {"name": kind.__name__, "message": _message(error)[:16000], "stack": text[-16000:]}


def _message(error):
    try:
        return str(error) or type(error).__name__
    except Exception:  # A user's __str__ may raise anything; its type is still worth telling.
        return type(error).__name__
