"""Plugins that misbehave as they are found, imported or asked, and what must be said of each.

`CASES`: by the plugin's name, its module's source, its state, and words of its one sentence, or of its remark ("ok").
`IN_USE`: those that load, and misbehave when what they bring is used: source, and words of what `check` says.
"""

from __future__ import annotations

from pathlib import Path

HEADER = "from marl.registry import Descriptor, hookimpl, hookspec\nMARL_API = '>=2,<3'\n"
BOT = "\n@hookimpl\ndef marl_policies():\n    return [Descriptor('bot', 'marl.policies.first:First', 'a bot')]\n"
GOOD = HEADER + BOT

CASES: dict[str, tuple[str, str, tuple[str, ...]]] = {
    # name: (source, state, words of the sentence)
    "raises": ("1 / 0", "broken", ("cannot import 'raises'", "ZeroDivisionError")),
    "raises_long": ("raise ValueError('very long ' * 9999)", "broken", ("cannot import", "ValueError: very long")),
    "raises_lines": ("raise ValueError('one\\ntwo\\x1b[31m')", "broken", ("ValueError: one",)),
    "raises_unprintable": (
        "class Odd(Exception):\n    def __str__(self): raise TypeError('no')\nraise Odd",
        "broken",
        ("cannot import", "Odd"),
    ),
    "exits": ("import sys; sys.exit(3)", "broken", ("SystemExit: 3",)),
    "exits_hard": ("import os; os._exit(3)", "broken", ("os._exit",)),
    "aborts": ("import os; os.abort()", "broken", ("os.abort",)),
    "kills_itself": ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "broken", ("os.kill",)),
    "interrupts": ("raise KeyboardInterrupt", "broken", ("KeyboardInterrupt",)),
    "of_its_own": ("class End(BaseException): pass\nraise End('over')", "broken", ("End: over",)),
    "hangs": ("import time; time.sleep(3600)", "broken", ("took longer than", "MARL_PLUGIN_TIMEOUT", "hangs.py, line")),
    "spins": ("while True: pass", "broken", ("took longer than", "spins.py, line")),
    "spins_stubbornly": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
        "broken",
        ("took longer than",),
    ),
    "hangs_in_hook": (
        HEADER + "\n@hookimpl\ndef marl_policies():\n    import time; time.sleep(3600)\n",
        "broken",
        ("hook marl_policies", "took longer than"),
    ),
    "waits_for_input": ("input('name? ')", "broken", ("EOFError",)),
    "endless": (
        HEADER + "\n@hookimpl\ndef marl_policies():\n    n = 0\n    while True:\n        n += 1\n"
        "        yield Descriptor(f'bot{n}', 'x:y', 'a bot')\n",
        "broken",
        ("hook marl_policies",),
    ),
    "huge_list": (
        HEADER
        + "\n@hookimpl\ndef marl_policies():\n    return [Descriptor(f'b{n}', 'x:y', 'a bot') for n in range(9000)]\n",
        "broken",
        ("hook marl_policies", "more than"),
    ),
    "eats_memory": ("eaten = 'x' * 10**15", "broken", ("MemoryError",)),
    "recurses": ("def f(): return f()\nf()", "broken", ("RecursionError",)),
    "syntax": ("def f(:\n", "broken", ("SyntaxError",)),
    "binary": ("\0\1\2", "broken", ("cannot import", "null bytes")),
    "loses": ("import no_such_library", "broken", ("No module named 'no_such_library'",)),
    "older": (GOOD.replace(">=2,<3", ">=1,<2"), "incompatible", ("hook API >=1,<2", "upgrade dist-older")),
    "newer": (GOOD.replace(">=2,<3", ">=3"), "incompatible", ("hook API >=3", "downgrade dist-newer")),
    "nonsense_range": ("MARL_API = 'soon'", "broken", ("MARL_API 'soon'", "'>=2,<3'")),
    "range_is_number": ("MARL_API = 2", "broken", ("MARL_API", "'>=2,<3'")),
    "hook_raises": (
        HEADER + "\n@hookimpl\ndef marl_rewards():\n    raise OSError('no disk')\n",
        "broken",
        ("hook marl_rewards", "OSError: no disk"),
    ),
    "hook_exits": (
        HEADER + "\n@hookimpl\ndef marl_rewards():\n    import os; os._exit(0)\n",
        "broken",
        ("hook marl_rewards", "os._exit"),
    ),
    "hook_wants": (HEADER + "\n@hookimpl\ndef marl_rewards(spec):\n    return []\n", "broken", ("spec",)),
    "hook_is_none": (HEADER + "\n@hookimpl\ndef marl_rewards(): pass\n", "broken", ("marl_rewards returned None",)),
    "hook_gives_text": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return ['pay']\n",
        "broken",
        ("marl_rewards", "'pay'", "not a Descriptor"),
    ),
    "hook_gives_tuple": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [('pay', 'x:y', 'pays')]\n",
        "broken",
        ("marl_rewards", "not a Descriptor"),
    ),
    "same_twice": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('pay', 'x:y', 'pays')] * 2\n",
        "broken",
        ("marl_rewards", "two descriptors", "'pay'"),
    ),
    "bad_target": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('pay', 'x.y', 'pays')]\n",
        "broken",
        ("marl_rewards", "'package.module:attribute'"),
    ),
    "bad_params": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('pay', 'x:y', 'pays', params=dict)]\n",
        "broken",
        ("marl_rewards", "params is a dataclass"),
    ),
    "tags_are_text": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('pay', 'x:y', 'pays', tags='fast')]\n",
        "broken",
        ("marl_rewards", "tags"),
    ),
    "long_name": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('p' * 5000, 'x:y', 'pays')]\n",
        "broken",
        ("marl_rewards", "letters"),
    ),
    "foreign_name": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('z\\u00e4hler', 'x:y', 'pays')]\n",
        "broken",
        ("marl_rewards", "use letters"),
    ),
    "long_summary": (
        HEADER + "\n@hookimpl\ndef marl_rewards(): return [Descriptor('pay', 'x:y', 'pays ' * 100_000)]\n",
        "broken",
        ("marl_rewards", "summary"),
    ),
    "shadow_hooks": (
        HEADER + "\nclass Specs:\n    @staticmethod\n    @hookspec\n    def my_policies(): ...\n\n"
        "@hookimpl\ndef marl_addhooks(pluginmanager): pluginmanager.add_hookspecs(Specs)\n",
        "broken",
        ("my_policies",),
    ),
    "no_module": ("raise_nothing = 1", "broken", ("No module named",)),  # see `written`
    "no_attribute": ("", "broken", ("no attribute 'plugin'",)),  # see `written`
    # Those that come through, with a remark.
    "prints": ("print('junk')\nimport os; os.write(1, b'junk\\n'); os.system('echo junk')\n" + GOOD, "ok", ()),
    "forgets_mark": (HEADER + "def marl_policies(): return []", "ok", ("marl_policies without @hookimpl",)),
    "unknown_hook": (
        HEADER + "@hookimpl\ndef marl_polices(): return []",
        "ok",
        ("'marl_polices', which no loaded plugin has; did you mean 'marl_policies'?",),
    ),
    "later_hook": (HEADER + "@hookimpl\ndef marl_telepathy(): return []" + BOT, "ok", ("marl_telepathy", "later")),
    "brings_nothing": (HEADER, "ok", ("brings nothing",)),
    "takes_command": (
        HEADER + "@hookimpl\ndef marl_commands(): return [Descriptor('run', 'x:y', 'Run.')]",
        "ok",
        ("command 'run'", "marl takes_command/run"),
    ),
    "moves": ("import os; os.chdir('/')\n" + GOOD, "ok", ("working directory",)),
    "takes_stdout": ("import sys, io; sys.stdout = io.StringIO()\n" + GOOD, "ok", ("sys.stdout",)),
    "takes_stderr": ("import sys; sys.stderr = open('/dev/null', 'w')\n" + GOOD, "ok", ("sys.stderr",)),
    "closes_output": ("import os, sys; sys.stdout.close(); os.close(1); os.close(2)\n" + GOOD, "ok", ()),
    "takes_signals": (
        "import signal\nfor one in (signal.SIGINT, signal.SIGTERM): signal.signal(one, print)\n" + GOOD,
        "ok",
        ("SIGINT",),
    ),
    "patches_json": ("import json; json.dumps = lambda *a, **k: 'mine'\n" + GOOD, "ok", ("json",)),
    "patches_open": ("import builtins; builtins.open = None\n" + GOOD, "ok", ("open",)),
    "starts_thread": (
        "import threading, time; threading.Thread(target=time.sleep, args=(3600,)).start()\n" + GOOD,
        "ok",
        ("thread",),
    ),
    "forks": ("import os; os.fork()\n" + GOOD, "ok", ("fork",)),
    "fine": (GOOD, "ok", ()),
}

DRAWER = (
    HEADER + "import time, sys, os\nfrom marl.env import Frame\nHEAD = '<svg xmlns=\"http://www.w3.org/2000/svg\">'\n\n"
    "class Drawer:\n    def __init__(self, environment): self.environment = environment\n"
    "    def render(self, lane): return {}\n\n@hookimpl\ndef marl_drawers():\n"
    "    return [Descriptor('it', __name__ + ':Drawer', 'draws')]\n"
)
SOURCE = (
    HEADER + "import random\nfrom league.payoffs.row import EXACT, PayoffRow\n\nclass Source:\n    matches = 0\n"
    "    def __init__(self, services): pass\n    def fill(self, asked):\n        for one in asked:\n"
    "            yield [PayoffRow(one.pairing, one.before, EXACT, {}, (0.0, 0.0))]\n\n@hookimpl\n"
    "def league_payoff_sources(): return [Descriptor('it', __name__ + ':Source', 'pays')]\n"
)
SANDBOX = (
    HEADER + "from league.sandbox import Finished, Probe\nfrom league.sandbox.plain import NoSandbox\n\n"
    "class Box(NoSandbox):\n    tier = 2\n{}\n\n@hookimpl\n"
    "def league_sandboxes(): return [Descriptor('it', __name__ + ':Box', 'holds')]\n"
)
SINK = (
    HEADER + "import os\n\nclass Sink:\n    def __init__(self, run, scenario): pass\n    def close(self): pass\n"
    "    def log(self, event, step, **values): {}\n\n@hookimpl\n"
    "def marl_sinks(): return [Descriptor('it', __name__ + ':Sink', 'keeps')]\n"
)

IN_USE: dict[str, tuple[str, str]] = {
    # name: (source, words of what `marl plugins check` says)
    "drawer_raises": (DRAWER.format("1 / 0"), "failed in render(lane) (drawer_raises.py, line"),
    "drawer_hangs": (DRAWER.format("time.sleep(3600)"), "it took longer than"),
    "drawer_exits": (DRAWER.format("os._exit(0)"), "os._exit(0)"),
    "drawer_scripts": (DRAWER.format("Frame('x', HEAD + '<script>alert(1)</script></svg>')"), "the SVG holds <script>"),
    "drawer_links": (DRAWER.format("Frame('x', HEAD + '<image href=\"//spy/x\"/></svg>')"), "holds href='//spy/x'"),
    "drawer_of_html": (DRAWER.format("Frame('x', '<html/>')"), "the SVG starts with <html>"),
    "drawer_bombs": (DRAWER.format("Frame('x', '<!DOCTYPE svg [<!ENTITY a \"b\">]>' + HEAD + '</svg>')"), "entities"),
    "drawer_megabyte": (DRAWER.format("Frame('x' * 2**20, '')"), "a picture of 1,048,576 letters"),
    "drawer_nothing": (DRAWER.format("None"), "nothing (None)"),
    "source_lies": (SOURCE.format("(0.5, -0.5)"), "it is 0.125"),
    "source_is_moody": (SOURCE.format("(random.random(), 0.0)"), "when it is asked again"),
    "source_is_endless": (SOURCE.format("(float('inf'), 0.0)"), "mean is not 2 finite numbers"),
    "sandbox_nothing": (SANDBOX.format("    pass"), "says that it is of tier 2, and lets a bot"),
    "sandbox_idle": (
        SANDBOX.format("    def run(self, *given, **more): return Finished(0, b'', 'exit code 0')"),
        "ended with code 0",
    ),
    "sandbox_unborn": (SANDBOX.format("    def start(self, *given): return None"), "a league.sandbox.Child"),
    "sandbox_clings": (
        SANDBOX.format(
            "    def start(self, *given):\n        child = super().start(*given)\n"
            "        child.kill = lambda: child._process.kill() or 1 / 0\n        return child"
        ),
        "raised ZeroDivisionError",
    ),
    "sink_exits": (SINK.format("os._exit(0)"), "os._exit(0)"),
    "sink_prints": (SINK.format("print(event)"), "prints 'start"),
}


def install(site: Path, plugin: str, source: str, *, dist: str = "", value: str = "", version: str = "1.0") -> Path:
    """A distribution as an installer leaves it; its folder of metadata."""
    dist = dist or f"dist-{plugin}".replace("_", "-")
    (site / f"{plugin}.py").write_text(source, encoding="utf-8")
    info = site / f"{dist.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: {version}\n")
    (info / "entry_points.txt").write_text(f"[marl]\n{plugin} = {value or plugin}\n")
    return info


def written(site: Path) -> None:
    """All of `CASES`, and the distributions that are damaged, in one folder."""
    site.mkdir()
    for plugin, (source, _, _) in CASES.items():
        values = {"no_module": "not_there_at_all", "no_attribute": "no_attribute:plugin"}
        install(site, plugin, source, value=values.get(plugin, ""))
    install(site, "taken", GOOD, dist="a-first")
    (site / "taken_again.py").write_text(GOOD)
    info = install(site, "other", GOOD, dist="z-other")
    (info / "entry_points.txt").write_text("[marl]\ntaken = taken_again\n")
    info = install(site, "mangled", GOOD)
    (info / "entry_points.txt").write_text("[marl]\nno equals sign\n")
    info = install(site, "binary_metadata", GOOD)
    (info / "METADATA").write_bytes(bytes(range(256)) * 9)
    info = install(site, "no_metadata", GOOD)
    (info / "METADATA").unlink()
    info = install(site, "odd_version", GOOD, version="one.two!")
    install(site, "two_versions", GOOD, version="1.0")
    install(site, "two_versions", GOOD, version="1.1")
    info = install(site, "odd_needs", GOOD)
    with (info / "METADATA").open("a") as file:
        file.write("Requires-Dist: >>> what\nRequires-Dist: odd-version>=1\n")
