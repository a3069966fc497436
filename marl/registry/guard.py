"""What plugins may not do to the process while they are imported or asked: it is undone, and said.

A plugin runs with the user's rights, and nothing here protects from one that means harm. This is for those that were
written carelessly, so that one of them stops nobody else: it may not end the process, nor take longer than a limit,
print where a program reads, or leave behind another working directory, other signal handlers or replaced functions.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from dis import opmap
from functools import wraps
from types import FrameType, ModuleType
from typing import Any

TIMEOUT = "MARL_PLUGIN_TIMEOUT"
USUAL = 30.0  # seconds for the import of a plugin's module, and for each of its hooks
LONGER = 20  # what a plugin brings may import a learner, and learn: so many times as long
_SHOWN = 300  # letters of an error that are still read
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_GRACE = 3  # limits after which a plugin that goes on and on takes the process with it
_ENDS: tuple[tuple[ModuleType, str], ...] = ((os, "_exit"), (os, "abort"), (os, "kill"), (signal, "raise_signal"))
_LOOKED_AFTER = ("builtins", "os", "json")  # whose functions plugins may not replace
left_running: list[Any] = []  # threads that plugins started, and that the end of the process would wait for
_guarding: list[Guard] = []


_HOST = ("marl", "league")
_WHEN = " while it was imported or asked"
_RIGHT = "do that where it is needed, in what it brings"
_UNDONE = f"{_WHEN}, which was undone: {_RIGHT}"


class Ended(BaseException):
    """A plugin called what would have ended the process."""


class TookTooLong(BaseException):
    """A plugin was longer at it than the limit."""


def limit() -> float:
    """Seconds that a plugin has (MARL_PLUGIN_TIMEOUT, 30 without it); 0 for as long as it likes."""
    try:
        return max(float(os.environ.get(TIMEOUT, "")), 0.0)
    except ValueError:
        return USUAL


class Guard:
    """Watches over plugins one after another. It is for the main thread; elsewhere it does nothing but keep stdout."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        self._saved: dict[int, int] = {}
        self._before: dict[str, dict[str, Any]] = {}
        self._who, self._seconds, self._fired, self._on_duty = "", 0.0, 0, False

    @contextlib.contextmanager
    def watching(self, who: str, seconds: float, said: Callable[[str], None] | None = None) -> Iterator[None]:
        """Watch over `who`. Raises Ended and TookTooLong out of it, wherever it is.

        `said` takes a remark on each thing that was undone; without it nothing is undone.
        """
        if not self._on_duty:
            with contextlib.redirect_stdout(sys.stderr):
                yield
            return
        self._who, self._seconds, self._fired = who, seconds, 0
        before = _State.now()
        signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
        _guarding.append(self)
        try:
            with contextlib.redirect_stdout(sys.stderr) as out:
                try:
                    yield
                finally:
                    signal.setitimer(signal.ITIMER_REAL, 0)
                    _guarding.remove(self)
                    if self.pid != os.getpid():  # a child that the plugin forked, and that would run on as we do
                        _real_exit(0)
                    if said and sys.stdout is not out:
                        said(f"replaced sys.stdout{_UNDONE}")
        finally:
            self._restore_output()
            if said:
                for remark in (*before.restored(), *self._restored_functions()):
                    said(remark)

    @contextlib.contextmanager
    def sooner(self, seconds: float | None) -> Iterator[None]:
        """Within what is watched over anyway: a part that may take so long only; None, or 0: as long as the whole."""
        if not seconds:
            yield
            return
        left, again = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
        before, self._seconds = self._seconds, seconds
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, left, again)
            self._seconds = before

    @contextlib.contextmanager
    def on_duty(self) -> Iterator[None]:
        """Hold the alarm, and what is printed: a plugin's output goes to stderr, also that of what it starts."""
        try:
            handler = signal.signal(signal.SIGALRM, self._late)
        except ValueError:  # this is no main thread
            yield
            return
        self._on_duty = True
        _replace_ends()
        self._before = {name: dict(vars(sys.modules[name])) for name in _LOOKED_AFTER if name in sys.modules}
        timer = signal.setitimer(signal.ITIMER_REAL, 0)
        for stream in (1, 2):
            with contextlib.suppress(OSError):  # it is closed already
                self._saved[stream] = os.dup(stream)
        if sys.stdout is not None:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
        self._restore_output()
        try:
            yield
        finally:
            for stream, copy in self._saved.items():
                os.dup2(copy, stream)
                os.close(copy)
            signal.signal(signal.SIGALRM, handler)
            signal.setitimer(signal.ITIMER_REAL, *timer)

    def _late(self, number: int, frame: FrameType | None) -> None:
        if sys.gettrace() is not None or not _guarding:  # somebody debugs it
            return
        self._fired += 1
        if self._fired > _GRACE:
            self._restore_output()
            os.write(2, f"failed: {self._who} does not let go: `marl plugins disable {self._who}`\n".encode())
            _real_exit(1)
        raise TookTooLong(
            f"it took longer than {self._seconds:g} seconds{_at(frame)}; {TIMEOUT}={4 * limit():g} gives it longer"
        )

    def _restore_output(self) -> None:
        if 2 in self._saved:
            os.dup2(self._saved[2], 2)
            os.dup2(self._saved[2], 1)
        if getattr(sys.stderr, "closed", False):
            sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115

    def _restored_functions(self) -> Iterator[str]:
        """Put functions of Python back that were replaced, and say which."""
        for name, before in self._before.items():
            now = vars(sys.modules[name])
            if before.items() <= now.items():
                continue
            for key in before:
                if key not in now or (now[key] is not before[key] and callable(before[key])):
                    now[key] = before[key]
                    yield f"replaced {key if name == 'builtins' else f'{name}.{key}'}{_UNDONE}"
        json = sys.modules.get("json")
        if "json" not in self._before and json is not None:
            if any(not _is_of(json, getattr(json, key)) for key in ("dumps", "loads")):
                importlib.reload(json)
                yield f"replaced functions of json{_UNDONE}"
            self._before["json"] = dict(vars(json))


@contextlib.contextmanager
def watched(who: str, seconds: float | None = None) -> Iterator[None]:
    """Watch over what a plugin brings; nothing is undone, and without `seconds` it may take twenty times as long."""
    if _guarding:
        with _guarding[-1].sooner(seconds):
            yield
        return
    guard = Guard()
    with guard.on_duty(), guard.watching(who, limit() * LONGER if seconds is None else seconds):
        yield


class _State:
    """What a process has one of, and plugins are apt to change."""

    def __init__(self, cwd: str, stderr: Any, signals: list[Any], recursion: int, threads: list[Any]) -> None:
        self.cwd, self.stderr, self.signals, self.recursion, self.threads = cwd, stderr, signals, recursion, threads
        _forked.clear()

    @classmethod
    def now(cls) -> _State:
        """The state of this process."""
        signals = [signal.getsignal(one) for one in _SIGNALS]
        return cls(_cwd(), sys.stderr, signals, sys.getrecursionlimit(), _threads())

    def restored(self) -> Iterator[str]:
        """Put back what is other than it was, and say what that was."""
        if self.cwd and (there := _cwd()) != self.cwd:
            os.chdir(self.cwd)
            yield f"changed the working directory to {there!r}{_UNDONE}"
        if sys.stderr is not self.stderr and not self.stderr.closed:
            sys.stderr = self.stderr
            yield f"replaced sys.stderr{_UNDONE}"
        for number, handler in zip(_SIGNALS, self.signals, strict=True):
            if signal.getsignal(number) is not handler and handler is not None:
                signal.signal(number, handler)
                yield f"took over the signal {number.name}{_UNDONE}"
        if sys.getrecursionlimit() != self.recursion:
            sys.setrecursionlimit(self.recursion)
            yield f"changed the recursion limit{_UNDONE}"
        if _forked:
            yield f"forked the process{_WHEN} (the child was ended): {_RIGHT}"
        for thread in _threads():
            if thread not in self.threads:
                left_running.append(thread)
                yield f"started the thread {thread.name!r}{_WHEN}, which marl does not wait for at its end: {_RIGHT}"


_forked: list[int] = []


def reason(error: BaseException) -> str:
    """Type and text of what was raised, for a sentence. A person's Ctrl-C is no plugin's doing, and is raised on."""
    if isinstance(error, KeyboardInterrupt) and not _raised_by_hand(error):
        raise error
    try:
        text = str(error).strip()
    except BaseException as second:
        text = f"(its text cannot be made: {type(second).__name__})"
    short = text if len(text) <= _SHOWN else f"{text[:_SHOWN]} ..."
    return short if isinstance(error, Ended | TookTooLong) else f"{type(error).__name__}: {short}".rstrip(": ")


def _raised_by_hand(error: BaseException) -> bool:
    """Whether a `raise` raised it, and not a signal."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return trace is not None and trace.tb_frame.f_code.co_code[trace.tb_lasti] == opmap["RAISE_VARARGS"]


def did(error: BaseException) -> str:
    """The same as what a plugin did: "raised OSError: no disk", "took longer than 30 seconds ..."."""
    said = reason(error)
    return said.removeprefix("it ") if isinstance(error, Ended | TookTooLong) else f"raised {said}"


def _is_of(module: ModuleType, function: Any) -> bool:
    return getattr(getattr(function, "__code__", None), "co_filename", "") == module.__file__


def _at(frame: FrameType | None) -> str:
    """Where somebody's own code is, as in " (bots.py, line 3)"; "" within Python's own."""
    standard = os.path.dirname(os.__file__) + os.sep
    while frame is not None:
        file, ours = frame.f_code.co_filename, frame.f_globals.get("__name__", "").partition(".")[0] in _HOST
        if not ours and os.path.isabs(file) and (not file.startswith(standard) or "site-packages" in file):
            return f" ({os.path.basename(file)}, line {frame.f_lineno})"
        frame = frame.f_back
    return ""


def _cwd() -> str:
    try:
        return os.getcwd()
    except OSError:  # it was removed
        return ""


def _threads() -> list[Any]:
    """The threads that the end of the process waits for."""
    threading = sys.modules.get("threading")
    return (
        [one for one in threading.enumerate() if not one.daemon and one is not threading.main_thread()]
        if threading
        else []
    )


_real_exit = os._exit


def _replace_ends() -> None:
    """From now on what ends the process raises Ended where a plugin is watched over, and does what it did elsewhere."""
    for module, name in _ENDS:
        real = getattr(module, name)
        if not hasattr(real, "marl_guarded"):
            setattr(module, name, _kept_alive(real, f"{module.__name__}.{name}"))
    if not _at_fork:
        _at_fork.append(True)
        os.register_at_fork(after_in_parent=lambda: _forked.append(1) if _guarding else None)


_at_fork: list[bool] = []


def _kept_alive(real: Callable[..., Any], name: str) -> Callable[..., Any]:
    @wraps(real)
    def kept_alive(*arguments: Any) -> Any:
        here = os.getpid()
        ours = _guarding and _guarding[-1].pid == here
        if ours and (name != "os.kill" or (arguments[0] == here and arguments[1])):
            raise Ended(f"it called {name}({', '.join(map(repr, arguments))}), which would end the process")
        return real(*arguments)

    kept_alive.marl_guarded = True  # type: ignore[attr-defined]
    return kept_alive


def leave(code: int) -> None:
    """End the process here if a plugin left a thread behind that would keep it; else return."""
    if any(thread.is_alive() for thread in left_running):
        import atexit

        atexit._run_exitfuncs()
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        _real_exit(code)
