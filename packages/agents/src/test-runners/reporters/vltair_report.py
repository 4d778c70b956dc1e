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


def write(record):
    """Appends one record; who reads the report notices when it could not be written."""
    try:
        with open(_REPORT, "a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
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
