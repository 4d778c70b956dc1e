"""Lines that run between `begin` and `end`, for files below one directory.

Python 3.12 and later use `sys.monitoring`, which disables a line after its first event and so costs little; earlier
versions use `sys.settrace`, which slows the traced files several times and loses to a debugger or another tracer.
Threads that were started before `begin` are not followed; code that runs while a module is imported counts for the case
during which it is imported.
"""
import os
import sys
import threading

_EXCLUDED = (os.sep + "site-packages" + os.sep, os.sep + "node_modules" + os.sep, os.sep + ".")


class Tracer:
    def __init__(self, root):
        self._root = root + os.sep
        self._wanted = {}
        self._lines = {}
        self._monitoring = getattr(sys, "monitoring", None)
        if self._monitoring and not self._claim():
            self._monitoring = None

    def _claim(self):
        try:
            self._monitoring.use_tool_id(3, "vltair")
        except ValueError:  # Another tool holds the id: settrace still works.
            return False
        self._monitoring.register_callback(3, self._monitoring.events.LINE, self._on_line)
        return True

    def begin(self):
        self._lines = {}
        if self._monitoring:
            self._monitoring.set_events(3, self._monitoring.events.LINE)
            self._monitoring.restart_events()
        else:
            threading.settrace(self._on_call)
            sys.settrace(self._on_call)

    def end(self):
        if self._monitoring:
            self._monitoring.set_events(3, 0)
        else:
            sys.settrace(None)
            threading.settrace(None)
        return [{"file": file, "lines": sorted(lines)} for file, lines in sorted(self._lines.items()) if lines]

    def _is_wanted(self, file):
        wanted = self._wanted.get(file)
        if wanted is None:
            real = os.path.realpath(file)
            inside = real.startswith(self._root)
            wanted = real if inside and not any(part in real[len(self._root) - 1:] for part in _EXCLUDED) else ""
            self._wanted[file] = wanted
        return wanted

    def _on_line(self, code, line):
        file = self._is_wanted(code.co_filename)
        if file:
            self._lines.setdefault(file, set()).add(line)
        return self._monitoring.DISABLE

    def _on_call(self, frame, event, argument):
        file = self._is_wanted(frame.f_code.co_filename)
        if not file:
            return None
        lines = self._lines.setdefault(file, set())

        def on_line(frame, event, argument):
            if event == "line":
                lines.add(frame.f_lineno)
            return on_line

        return on_line
