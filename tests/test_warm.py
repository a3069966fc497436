"""A program that is started quickly is what it is when Python starts it: `warm.py`."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = {
    "itself": "import os, sys\n"
    "print(__name__, sys.argv, os.getcwd(), os.environ['WORD'], sys.stdin.read()); sys.exit(3)",
    "sentence": "import sys; sys.exit('that cannot be')",
    "error": "raise KeyError('surprise')",
    "signal": "import os; os.kill(os.getpid(), 15)",
    "late": "import atexit, threading, time; atexit.register(print, 'last')\n"
    "threading.Thread(target=lambda: (time.sleep(0.05), print('first'))).start()",
    "imports": "import sys, beside\n"
    "print(beside.WORD, [name for name in sys.modules if name.split('.')[0] in ('marl', 'league')])",
}


@pytest.mark.parametrize("code", PROGRAMS.values(), ids=PROGRAMS)
def test_it_is_and_does_the_same(code: str, warm: Path, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "beside.py").write_text("WORD = 'found'\n")
    env = os.environ | {"WORD": "here", "PYTHONPATH": str(tmp_path / "site")}
    for start in (["-c", code, "an argument", ""], ["-m", "program", "more"], [str(tmp_path / "program.py"), "x"]):
        (tmp_path / "program.py").write_text(code)
        done, known = (
            subprocess.run([python, *start], cwd=tmp_path, env=env, input="given", capture_output=True, text=True)
            for python in (str(warm / "python"), sys.executable)
        )
        assert (done.returncode, done.stderr.splitlines()[-1:]) == (known.returncode, known.stderr.splitlines()[-1:])
        assert done.stdout == known.stdout


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_reach_it(number: signal.Signals, warm: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "for number in (2, 15): signal.signal(number, lambda number, frame: sys.exit(number))\n"
        "print('ready', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([str(warm / "python"), "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.wait() == number
