"""Runs test commands, each in a fresh fork of this process. Python 3.8 and later.

Requests come in on descriptor 4: a line of hexadecimal digits that stands for a nonce and the arguments of `python3`,
separated by NUL. The answer on descriptor 3 is a line of that nonce, the exit code and whether something was left behind.

After the first run this process imports what that run imported from outside of the project, and compiles what it read of
the project: both are the same for every later run. It imports nothing of the project and, before that, nothing at all,
because a module of the project may stand in for one of the standard library.
"""
import os
import sys

_ANSWERS, _REQUESTS = 3, 4
_external = sys.modules["_frozen_importlib_external"]
_compile = _external.SourceFileLoader.source_to_code
_codes = {}


class _OfTheProject(BaseException):
    """Nothing that imports a module of the project may be kept; no `except Exception` of an importer gets this."""


class _Guard:
    @staticmethod
    def find_spec(name, path=None, target=None):
        spec = _external.PathFinder.find_spec(name, path, target)
        places = [] if spec is None else [spec.origin, *(spec.submodule_search_locations or [])]
        if any(_is_of_the_project(place) for place in places):
            raise _OfTheProject(name)
        return None


def main():
    is_warm = False
    os.write(_ANSWERS, b"\nready\n")
    for line in _lines():
        nonce, *arguments = bytes.fromhex(line).decode().split("\0")
        before = _scratch()
        told, tell = os.pipe()
        child = os.fork()
        if child == 0:
            os.close(told)
            return _become(arguments, None if is_warm else tell)
        os.close(tell)
        learnt = _read_all(told)
        status = os.waitpid(child, 0)[1]
        if not is_warm and learnt:
            _warm_up([arguments[0], *learnt.decode().split("\0")])
            is_warm = True
        code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        left = int(_scratch() != before)
        os.write(_ANSWERS, f"\n{nonce} {code} {left}\n".encode())


def _lines():
    waiting = b""
    while True:
        chunk = os.read(_REQUESTS, 65536)
        if not chunk:
            return
        *lines, waiting = (waiting + chunk).split(b"\n")
        yield from (line.decode() for line in lines)


def _read_all(descriptor):
    chunks = []
    while chunk := os.read(descriptor, 65536):
        chunks.append(chunk)
    os.close(descriptor)
    return b"".join(chunks)


def _scratch():
    """The names in the places that outlive a run: the work directory is looked after from outside."""
    places = [os.environ.get("TMPDIR", "/tmp"), os.environ.get("HOME", "/home"), "/dev/shm"]
    return [sorted(os.listdir(place)) if os.path.isdir(place) else [] for place in places]


# --- in the fork


def _become(arguments, tell):
    """Runs `python3 ARGUMENTS` to its end. What it raises ends this process as it would have ended that one."""
    for descriptor in (_ANSWERS, _REQUESTS):
        os.close(descriptor)
    sys.path_importer_cache.clear()
    try:
        if arguments[0] == "-m":
            _run_module(arguments[1], arguments[2:])
        else:
            _run_script(arguments)
    finally:
        if tell is not None:
            os.write(tell, "\0".join(_loaded()).encode())
            os.close(tell)


def _run_module(name, arguments):
    import runpy

    sys.path[0] = os.getcwd()
    sys.argv = [name, *arguments]
    runpy.run_module(name, run_name="__main__", alter_sys=True)


def _run_script(arguments):
    main_module = type(sys)("__main__")
    main_module.__file__ = arguments[0]
    sys.argv = arguments
    sys.modules["__main__"] = main_module
    with open(arguments[0], "rb") as file:
        source = file.read()
    exec(_codes.get((arguments[0], source)) or compile(source, arguments[0], "exec"), main_module.__dict__)


def _loaded():
    """Module names from outside of the project, in the order of their import, and source files of the project."""
    for name, module in list(sys.modules.items()):
        spec = getattr(module, "__spec__", None)
        origin = getattr(spec, "origin", None)
        if spec is None:
            continue
        if origin is None or not _is_of_the_project(origin):
            yield name
        elif origin.endswith(".py"):
            yield os.path.abspath(origin)


def _is_of_the_project(place):
    return isinstance(place, str) and os.path.abspath(place).startswith(_project + os.sep)


# --- between the forks


def _warm_up(learnt):
    for path in (entry for entry in learnt if entry.endswith(".py")):
        _precompile(path)
    _external.SourceFileLoader.source_to_code = _source_to_code
    own, sys.path[:] = list(sys.path), [os.getcwd(), *sys.path]
    sys.meta_path.insert(0, _Guard)
    for name in (entry for entry in learnt if not entry.endswith(".py") and not entry.startswith("-")):
        _preload(name)
    sys.meta_path.remove(_Guard)
    sys.path[:] = own


def _precompile(path):
    try:
        with open(path, "rb") as file:
            source = file.read()
        _codes[path, source] = _compile(_external.SourceFileLoader("", path), source, path)
    except (OSError, SyntaxError, ValueError):
        pass  # Not there any more, or as broken as a run will find it.


def _source_to_code(loader, data, path, **options):
    known = _codes.get((path, bytes(data))) if isinstance(path, str) else None
    return known or _compile(loader, data, path, **options)


def _preload(name):
    before = set(sys.modules)
    try:
        __import__(name)
    except BaseException:  # Of the project, or not to be had here: each run imports it by itself.
        for added in set(sys.modules) - before:
            del sys.modules[added]


_project = os.getcwd()

if __name__ == "__main__":
    main()
