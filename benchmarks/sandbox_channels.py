"""What gets from one sandbox to another: bits per second of the ways to talk that a shared kernel and processor leave.

A sender writes random bits, one a slot, and a receiver in another sandbox writes down what it measures in each slot.
The host, which knows the bits, finds the best threshold on the first half and counts errors `e` on the second: the
capacity of that channel is (1 - H(e)) / slot bits per second, H the entropy of a coin (Shannon 1948). A clever code
gets no more out of it; a cleverer measurement might.

- `core`: the sender computes or sleeps, the receiver counts how far it gets itself.
- `numbers`: the sender makes pipes, the receiver looks how far the kernel's numbering of them has gone.
- `names`: the sender looks for files that are not there, and ends; the receiver times how fast the same names are not
  found. This one works from one match to a later one.
- `lock`: the sender locks a file that both can read. It is measured in the sandbox, and as the peer without one.

The line of JSON compares the widest way out of the sandbox with the lock outside of it; above 1 is better.
"""

from __future__ import annotations

import json
import random
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import _common as bench
import numpy as np

from league.hookspecs import SANDBOXES
from league.sandbox import Limits, Sandbox
from marl.registry import load_registry

PROGRAM = """
    import fcntl, json, os, random, sys, time

    way, role, start, slot, count = sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5])
    draw = random.Random(7)
    bits = [draw.getrandbits(1) for _ in range(count)]
    clock = time.monotonic


    def until(moment):
        while (left := moment - clock()) > 0:
            time.sleep(left)


    def spin(moment):
        steps = 0
        while clock() < moment:
            steps += 1
        return steps


    def turn(pipes):
        for _ in range(pipes):
            one, two = os.pipe()
            number = os.fstat(one).st_ino
            os.close(one)
            os.close(two)
        return number


    class Core:
        def send(self, bit, end):
            spin(end) if bit else until(end)

        def receive(self, end):
            return spin(end)


    class Numbers:
        last = 0

        def send(self, bit, end):
            while bit and clock() < end:
                turn(256)
            until(end)

        def receive(self, end):
            now = turn(1024)
            seen, self.last = now - self.last, now
            until(end)
            return seen


    class Lock:
        def __init__(self):
            self.file = os.open("program.py", os.O_RDONLY)

        def send(self, bit, end):
            fcntl.flock(self.file, fcntl.LOCK_EX if bit else fcntl.LOCK_UN)
            until(end)

        def receive(self, end):
            until(end - slot / 2)
            try:
                fcntl.flock(self.file, fcntl.LOCK_SH | fcntl.LOCK_NB)
                fcntl.flock(self.file, fcntl.LOCK_UN)
                seen = 0
            except BlockingIOError:
                seen = 1
            until(end)
            return seen


    def names():
        draw = random.Random(int(start * 1000))
        return [f"/usr/bin/{draw.getrandbits(64):x}" for _ in range(count)]


    def look(name):
        began = time.perf_counter_ns()
        try:
            os.stat(name)
        except OSError:
            pass
        return time.perf_counter_ns() - began


    if way == "names":
        began = clock()
        seen = [look(name) if role == "receive" or bit else 0 for name, bit in zip(names(), bits)]
        print(json.dumps([clock() - began, seen]))
    else:
        channel = {"core": Core, "numbers": Numbers, "lock": Lock}[way]()
        until(start)
        if role == "send":
            for place, bit in enumerate(bits):
                channel.send(bit, start + (place + 1) * slot)
        else:
            print(json.dumps([count * slot, [channel.receive(start + (place + 1) * slot) for place in range(count)]]))
"""
COMMAND = ["/usr/bin/python3", "-S", "-E", "program.py"]
SETTLE = 1.5  # seconds for both to start
LIMITS = Limits(memory_mb=256, processes=8)


def measure(sandbox: Sandbox, folder: Path, way: str, slot: float, count: int) -> float:
    """Bits per second that get through."""
    start = time.monotonic() + SETTLE
    words = [way, "send", str(start), str(slot), str(count)]
    if way == "names":
        done = sandbox.run([*COMMAND, *words], folder, LIMITS, 60)
        sending = float(json.loads(done.output)[0])
    else:
        sender, sending = sandbox.start([*COMMAND, *words], folder, LIMITS, folder.parent / "log"), 0.0
    words[1] = "receive"
    heard = sandbox.run([*COMMAND, *words], folder, LIMITS, 60 + count * slot, most=1 << 24)
    if way != "names":
        sender.kill()
    if heard.code != 0:
        sys.exit(f"{way}: {heard.reason}: {heard.output.decode(errors='replace')[-500:]}")
    seconds, values = json.loads(heard.output)
    return capacity(np.array(values, dtype=np.float64), bits(count)) * count / (seconds + sending)


def bits(count: int) -> np.ndarray:
    """What the program sends: `int[count]`."""
    draw = random.Random(7)
    return np.array([draw.getrandbits(1) for _ in range(count)])


def capacity(values: np.ndarray, sent: np.ndarray) -> float:
    """Bits per slot. The threshold, and which side of it is 1, come from the first half; the errors from the second."""
    half = len(values) // 2
    thresholds = np.unique(np.quantile(values[:half], np.linspace(0.0, 1.0, 201)))
    wrong = [(np.mean((values[:half] > threshold) != sent[:half]), threshold) for threshold in thresholds]
    flipped = [(1 - error, threshold) for error, threshold in wrong]
    (least, best), (least_flipped, best_flipped) = min(wrong), min(flipped)
    guess = values[half:] > best if least <= least_flipped else values[half:] <= best_flipped
    error = float(np.mean(guess != sent[half:]))
    error = min(error, 0.5) if error > 0 else 0.5 / half
    return max(0.0, 1 + error * np.log2(error) + (1 - error) * np.log2(1 - error) - 1 / half)


def main() -> None:
    """Measure every way with a few lengths of a slot, and keep the widest."""
    options = bench.arguments(__doc__)
    registry = load_registry()
    shut: Sandbox = registry.make(SANDBOXES, "league/bubblewrap")
    loose: Sandbox = registry.make(SANDBOXES, "league/limits")
    if not (probe := shut.probe()).ok:
        sys.exit(f"bubblewrap does not work here: {probe.reason}")
    seconds = 2.0 if options.quick else 10.0
    tasks = {
        "core": (shut, "core", (0.004, 0.01, 0.02)),
        "numbers": (shut, "numbers", (0.01, 0.02, 0.04)),
        "names": (shut, "names", (1e-3,)),
        "lock in the sandbox": (shut, "lock", (0.002,)),
        "lock without": (loose, "lock", (0.0005, 0.001, 0.002)),
    }
    rates: dict[str, list[float]] = {name: [] for name in tasks}
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place, "bot")
        folder.mkdir()
        (folder / "program.py").write_text(textwrap.dedent(PROGRAM))
        for _ in range(1 if options.quick else 3):
            for name, (sandbox, way, slots) in tasks.items():
                found = [measure(sandbox, folder, way, slot, int(seconds / slot)) for slot in slots]
                rates[name].append(max(found))
    bench.table(rates, "bits per second")
    middle = bench.medians(rates)
    ours = max(middle[name] for name in ("core", "numbers", "names", "lock in the sandbox"))
    bench.report("sandbox_channels", ours, middle["lock without"], middle["lock without"] / ours, "bits/s", **middle)


if __name__ == "__main__":
    main()
