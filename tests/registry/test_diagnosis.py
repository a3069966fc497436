"""`marl plugins doctor`: the likely cause, the line, and the command that mends it."""

from __future__ import annotations

import json
import sys

import pytest
from click.testing import CliRunner

from marl.cli.plugins import app
from marl.cli.plugins.diagnosis import diagnose

PIP = f"{sys.executable} -m pip"
CASES = {
    "is well": ("MARL_API = '>=2,<3'\n@hookimpl\ndef marl_policies(): return []", []),
    "needs what is not there": (
        "import not_there_at_all",
        [("dependency", "its distribution does not say that it needs it", 2, f"{PIP} install not_there_at_all")],
    ),
    "raises": ("\n\n1 / 0", [("error", "ZeroDivisionError: division by zero", 4, "marl plugins disable sick")]),
    "has a slip": ("def x(:\n  pass", [("error", "SyntaxError", 2, "marl plugins disable sick")]),
    "raises in a hook": (
        "@hookimpl\ndef marl_policies():\n    return [Descriptor('a b', 'x:y', 'z')]",
        [("error", "descriptor name 'a b'", 4, "marl plugins disable sick")],
    ),
    "imports a name that is gone": (
        "from marl.registry import Descripter",
        [("version", "marl.registry has no Descripter", 2, f"{PIP} install --force-reinstall --no-deps dist-sick")],
    ),
    "is for another API": (
        "MARL_API = '>=1,<2'",
        [("api", "made for hook API >=1,<2", 0, "marl plugins upgrade sick")],
    ),
    "has no range": ("MARL_API = 'new'", [("api", "'new' is not a version range", 0, "MARL_API = '>=2,<3'")]),
    "describes what is not there": (
        "@hookimpl\ndef marl_policies():\n"
        "    return [Descriptor('a', 'sick_module:A', 'z'), Descriptor('b', 'marl.xyz:B', 'z')]",
        [("target", "no module 'marl.xyz', of which it describes b", 0, "name in the descriptor")],
    ),
    "forgot a mark": ("def marl_policies(): return []", [("remark", "without @hookimpl", 0, "")]),
    "returns nonsense": ("@hookimpl\ndef marl_policies(): return 3", [("broken", "returned 3, not a list", 0, "")]),
}


@pytest.mark.parametrize("case", CASES)
def test_a_plugin_that(case, install, fresh):
    source, expected = CASES[case]
    site = install("sick", source)
    found = list(diagnose(fresh().plugin("sick")))
    assert len(found) == len(expected)
    for one, (cause, message, line, mend) in zip(found, expected, strict=True):
        assert one.cause == cause and message in one.message
        assert mend in one.mend
        assert not line or one.where == f"{site / 'sick_module.py'}:{line}"


@pytest.mark.parametrize(
    ("needs", "source", "said", "mend"),
    [
        (
            "nowhere-lib>=3",
            "import nowhere_lib",
            "dist-sick needs nowhere-lib>=3, and it is not inst",
            "nowhere-lib>=3",
        ),
        ("click<2", "", "dist-sick needs click<2, and here is", "click<2"),
        ("gone; python_version<'3'", "import json", "", ""),
    ],
)
def test_a_distribution_that_lacks_what_it_needs(needs, source, said, mend, install, fresh):
    site = install("sick", source)
    with (site / "dist_sick-1.2.dist-info" / "METADATA").open("a") as file:
        file.write(f"Requires-Dist: {needs}\n")
    found = [one for one in diagnose(fresh().plugin("sick")) if one.cause != "remark"]
    assert [one.cause for one in found] == (["dependency"] if said else [])
    for one in found:
        assert said in one.message and one.mend == f'{PIP} install "{mend}"'


def test_two_that_claim_one_name_and_an_entry_point_to_nothing(install, fresh):
    install("sick", "MARL_API = '>=2,<3'")
    install("sick", "", dist="dist-z", module="z_module")
    install("lost", "", module="lost_module", value="lost_modul")
    second = next(p for p in fresh().plugins if p.distribution == "dist-z")
    (found,) = diagnose(second)
    assert (found.cause, found.mend) == ("name", "marl plugins remove dist-z")
    (found,) = diagnose(fresh().plugin("lost"))
    assert found.cause == "module" and "its own module 'lost_modul' is not there" in found.message


def test_the_command_imports_the_targets_of_the_plugin_that_is_named(install, monkeypatch):
    monkeypatch.setattr("marl.registry.load._loaded", {})
    site = install(
        "lazy",
        "MARL_API = '>=2,<3'\n@hookimpl\ndef marl_policies(): return [Descriptor('a', 'lazy_target:A', 'lazy')]",
    )
    (site / "lazy_target.py").write_text("x = 1\nimport not_there_at_all\n")
    assert CliRunner().invoke(app, ["doctor", "--json"]).exit_code in (0, 1)
    done = CliRunner().invoke(app, ["doctor", "lazy", "--json"])
    (found,) = json.loads(done.stdout)
    assert done.exit_code == 1 and found["where"] == f"{site / 'lazy_target.py'}:2"
    assert found["mend"] == f"{PIP} install not_there_at_all"
    text = CliRunner().invoke(app, ["doctor", "lazy"])
    assert "  to mend  " in text.stdout and text.stdout.endswith("1 plugin: 0 well, 1 to mend\n")
