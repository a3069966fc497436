"""The checks pass good environments, and say what they saw."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from marl import rng
from marl.env import Environment
from marl.errors import UserError
from marl.games import OneByOne
from marl.testing import CHECKS, Reference, Report, Result, check_environment, conformance_tests
from marl.testing.check import Doubtful
from marl.testing.compare import expect_same
from marl.testing.drive import Moment, Record
from marl.testing.games import burrow, kuhn, matching_pennies, seldom, skirmish

GAMES = {"burrow": burrow, "pennies": matching_pennies, "kuhn": kuhn, "skirmish": skirmish, "seldom": seldom}

test_conformance = conformance_tests(GAMES)
test_conformance_with_a_reference = conformance_tests(
    {"pennies": matching_pennies, "kuhn": kuhn},
    references={"pennies": Reference(matching_pennies), "kuhn": Reference(kuhn, seeds=lambda seeds: seeds)},
    only=["reference"],
)


@pytest.mark.parametrize("game", [matching_pennies, kuhn], ids=["pennies", "kuhn"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_good_environments_pass_with_any_seed(game: type[Environment], seed: int) -> None:
    report = check_environment(game, seed=seed)
    assert report.ok and report.count("warn") == 0, report.text()


def test_skirmish_uses_what_an_environment_can_do_and_passes_with_another_seed() -> None:
    report = check_environment(skirmish, seed=1)
    assert report.ok and report.count("warn") == 0, report.text()
    skipped = {result.check for result in report.results if result.status == "skip"}
    assert skipped == {"deterministic", "exact", "reference", "tasks"}
    assert "masked" in report["faults"].message
    assert "not a number" in report["faults"].message


def test_a_game_with_chance_needs_seeds_for_its_reference() -> None:
    result = check_environment(kuhn, only=["reference"], reference=Reference(kuhn))["reference"]
    assert result.status == "skip"
    assert "Reference.seeds" in result.message


def test_matches_that_are_too_long_to_end_fail_nothing() -> None:
    report = check_environment(skirmish, ticks=1)
    assert report.ok, report.text()
    assert report["termination"].status == "skip"
    assert "more `ticks`" in report["termination"].message


def test_an_environment_that_cannot_be_made_is_one_sentence_and_no_crash() -> None:
    def broken(lanes: int) -> Environment:
        raise OSError("no such game file")

    report = check_environment(broken)
    assert not report.ok
    assert report.count("fail") == 1
    assert "OSError: no such game file" in report["plays"].message


def test_an_unknown_check_is_the_users_error() -> None:
    with pytest.raises(UserError, match="did you mean 'spaces'"):
        check_environment(kuhn, only=["space"])


def test_too_few_matches_are_the_users_error() -> None:
    with pytest.raises(UserError, match="3 matches"):
        check_environment(kuhn, matches=1)


def test_a_report_reads_as_text_and_as_json() -> None:
    report = Report((Result("rows", "fail", "bad order", "sort them", 3), Result("fork", "skip", "not Forkable")))
    assert report.text().splitlines() == [
        "FAIL rows           bad order",
        "                    to mend it: sort them",
        "                    to see it again: seed=3, only=['rows']",
        "-    fork           not Forkable",
        "0 pass, 0 warn, 1 fail, 1 skip",
    ]
    assert json.loads(json.dumps(report.json()))["results"][0]["check"] == "rows"
    assert not report.ok


def test_every_check_says_what_it_is_about() -> None:
    for check in CHECKS.values():
        assert check.summary and check.hint


def test_differences_by_rounding_only_are_warnings() -> None:
    first, second = (Record(0, 0, 0, [Moment((), step={"rewards": np.array([0.1 + error])})]) for error in (0.0, 1e-9))
    with pytest.raises(Doubtful, match="by rounding only"):
        expect_same(first, second, "they differ")


def test_a_check_is_reproducible_by_its_seed() -> None:
    class Rare(OneByOne):
        """Breaks its rules for one match seed only."""

        def step(self, lanes, actions):  # type: ignore[no-untyped-def]
            step = super().step(lanes, actions)
            step.rewards[[self.matches[lane].seed == bad for lane in lanes], 0] += 9  # type: ignore[union-attr]
            return step

    bad = int(rng.mix(5, 0, 2)[0])

    def factory(lanes: int) -> Environment:
        env = matching_pennies(lanes)
        return Rare(env.spec, lanes, env._make)

    assert check_environment(factory, seed=4).ok
    found = check_environment(factory, seed=5)["returns"]
    assert found.status == "fail"
    assert check_environment(factory, seed=found.seed or 0, only=["returns"])["returns"] == found


def test_the_documentation_names_every_check() -> None:
    page = (Path(__file__).parents[2] / "docs" / "environments.md").read_text()
    assert [name for name in CHECKS if f"`{name}`" not in page] == []
