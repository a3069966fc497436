"""The entry point: runs a command and turns what goes wrong into a sentence and an exit code."""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from typing import NoReturn

from marl.deprecation import show_to_people
from marl.errors import RunError, UserError
from marl.mask import mask
from marl.printable import printable


def main() -> NoReturn:
    """Run `marl`. Exit codes: 0 done, 1 the run failed, 2 the user's input is wrong, 130 interrupted.

    SIGTERM, which schedulers and containers send before they kill, is an interruption like Ctrl-C.
    """
    try:
        _main()
    except SystemExit as end:
        if guard := sys.modules.get("marl.registry.guard"):
            guard.leave(end.code if isinstance(end.code, int) else int(end.code is not None))
        raise


def _main() -> NoReturn:
    faulthandler.enable()  # of a crash in compiled code, which plugin's line it was
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    show_to_people()
    debug = os.environ.get("MARL_DEBUG", "") not in ("", "0")
    for library in ("OMP", "OPENBLAS", "MKL"):  # numpy reads them when it is imported; small products lose by threads
        os.environ.setdefault(f"{library}_NUM_THREADS", "1")
    try:
        sys.exit(_run())
    except UserError as error:
        _stop(f"error: {error}", 2, debug)
    except RunError as error:
        _stop(f"failed: {error}", 1, debug)
    except Exception as error:
        where = "" if debug else f"\nThe traceback is in {_keep()}; MARL_DEBUG=1 prints it."
        _stop(f"marl stopped on an unexpected {type(error).__name__}: {error}{where}", 1, debug)


def _run() -> int:
    """Run the command, and return its exit code."""
    import click

    from marl.cli.app import app

    try:
        code = app.main(prog_name="marl", standalone_mode=False)
        sys.stdout.flush()
    except click.Abort:  # Ctrl-C, or the end of what a person types
        return 130
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except BrokenPipeError:  # whoever read on, as `head` does, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return int(code or 0)


def _stop(sentence: str, code: int, debug: bool) -> NoReturn:
    if debug:
        import traceback

        print(printable(mask(traceback.format_exc()), lines=True), file=sys.stderr, end="")
    print(printable(mask(sentence), lines=True), file=sys.stderr)
    sys.exit(code)


def _keep() -> str:
    """Write the traceback to a file of its own, and say where."""
    import tempfile
    import traceback

    try:
        handle, path = tempfile.mkstemp(prefix="marl-traceback-", suffix=".txt")
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(mask(traceback.format_exc()))
    except OSError:
        return "nowhere (the temporary directory cannot be written)"
    return path
