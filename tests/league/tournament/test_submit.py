"""What users get wrong, and what they are told."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console
from typer.testing import CliRunner

from league.sandbox.bubblewrap import BubblewrapSandbox
from league.tournament.commands import app, sentence
from league.tournament.entry import Entry, parse
from league.tournament.event import Event, open_event, opened
from league.tournament.exchange import export_lines, import_lines
from league.tournament.operate import Options, operate
from league.tournament.players import player_of
from league.tournament.progress import Display
from league.tournament.receive import tree_hash
from league.tournament.strangers import sandbox_of
from league.tournament.submit import submit
from marl.errors import UserError
from marl.registry import load_registry
from marl.run.directory import locked

LIMITS = ("sandbox=league/limits",)


def invoke(*arguments: str) -> str:
    """Run a command that must succeed."""
    result = CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return str(result.output)


def refused(*arguments: str) -> str:
    """Run a command that must be refused with a sentence."""
    with pytest.raises(UserError) as caught:
        CliRunner().invoke(app, list(arguments), catch_exceptions=False)
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "entry"),
    [
        ("policy:marl/random", Entry("policy", "marl/random")),
        ("ann=policy:marl/random", Entry("policy", "marl/random", "ann")),
        ("one=policy:marl/xyz limit=1", Entry("policy", "marl/xyz limit=1", "one")),
        ("policy:marl/xyz limit=1", Entry("policy", "marl/xyz limit=1")),
        ("snapshot:runs/x:player_0/3", Entry("snapshot", "runs/x:player_0/3")),
        ("bots/python-random", Entry("files", "bots/python-random")),
        ("mine=bots/a.tgz", Entry("files", "bots/a.tgz", "mine")),
        ("./odd=name/bot", Entry("files", "./odd=name/bot")),
    ],
)
def test_what_may_be_submitted(text: str, entry: Entry) -> None:
    assert parse(text) == entry


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("polcy:marl/random", "did you mean 'policy'"),
        ("policy:", "as in policy:marl/random"),
        ("a b=policy:marl/random", "the name 'a b' will not do"),
        ("policy:marl/randm", "did you mean 'marl/random'"),
        ("snapshot:nowhere", "nowhere is not a run directory: it does not exist"),
        ("nowhere/bot", "there is no nowhere/bot; a bot is a folder or an archive with a bot.yaml in it"),
    ],
)
def test_what_may_not(event: Callable[..., Event], text: str, sentence: str) -> None:
    made = event(overrides=LIMITS)
    with pytest.raises(UserError, match=sentence):
        submit(made, text, trust=True)
    assert made.ledger.bots() == []


def test_what_a_training_run_learned_takes_part(event: Callable[..., Event], tmp_path: Path) -> None:
    pytest.importorskip("marl_rllib", reason="needs the plugin marl-rllib")
    scenario, run = tmp_path / "learn.yaml", tmp_path / "learned"
    scenario.write_text(
        "kind: train\nname: learner\nenv: classic/tic_tac_toe\nenv_steps: 600\nslice: 300\nevaluation: {every: 0}\n"
        "algorithm: {name: rllib/ppo, lanes: 16, rows: 128, model: {hidden: [8]}}\n"
    )
    command = [sys.executable, "-m", "marl", "run"]
    subprocess.run([*command, str(scenario), "--out", str(run)], check=True, capture_output=True)
    made = event(f"snapshot:{run}", f"ann=snapshot:{run}:1 greedy=true", f"bob=snapshot:{run}:1")
    bots = {bot.name: bot for bot in made.ledger.bots()}
    assert set(bots) == {"learned", "ann", "bob"}
    assert {(bot.kind, bot.author) for bot in bots.values()} == {("snapshot", "learner")}
    assert len({bot.content for bot in bots.values()}) == 3  # greedy play is another player
    operate(made, Options(2), Display(Console(quiet=True)))
    assert len(made.ledger.matches()) == 6
    with pytest.raises(UserError, match="has no player '9'"):
        submit(event(name="second"), f"snapshot:{run}:9")
    one_side = [*command, str(scenario), "opponents=[marl/random]", "side=1", "--out", str(tmp_path / "one")]
    subprocess.run(one_side, check=True, capture_output=True)
    with pytest.raises(UserError, match="learned to play side 1 only"):
        submit(event(name="third"), f"snapshot:{tmp_path / 'one'}")
    other = [*command, str(scenario), "env={name: classic/connect_four, view: own}", "--out", str(tmp_path / "other")]
    subprocess.run(other, check=True, capture_output=True)
    sentence = r"plays classic/connect_four \(view: own\), and this event classic/tic_tac_toe"
    with pytest.raises(UserError, match=sentence):
        submit(event(name="fourth"), f"snapshot:{tmp_path / 'other'}")


def test_a_policy_takes_part_with_parameters(event: Callable[..., Event], tmp_path: Path) -> None:
    pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    made = event(
        "one=policy:openspiel/mcts simulations=1", "two=policy:openspiel/mcts simulations=2", "policy:openspiel/mcts",
        overrides=("env=classic/connect_four",),
    )  # fmt: skip
    bots = {bot.name: bot for bot in made.ledger.bots()}
    kept = {"one": "openspiel/mcts simulations=1", "two": "openspiel/mcts simulations=2", "mcts": "openspiel/mcts"}
    assert {name: bot.content for name, bot in bots.items()} == kept
    searches = {
        name: player_of(bot, made.path, made.config, made.spec).policy.simulations for name, bot in bots.items()
    }
    assert searches == {"one": 1, "two": 2, "mcts": 100}
    same = submit(made, "one=policy:openspiel/mcts simulations=1")
    assert same.unchanged and sentence(same).startswith("one (policy of openspiel) is here")
    assert submit(made, "one=policy:openspiel/mcts simulations=3").bot.version == 2
    again = import_lines(export_lines(made), tmp_path / "copy", load_registry())
    assert [bot.content for bot in again.ledger.bots()] == [bot.content for bot in made.ledger.bots()]
    again.close()
    with pytest.raises(UserError, match="did you mean 'simulations'"):
        submit(made, "policy:openspiel/mcts simulation=3")
    with pytest.raises(UserError, match="takes no parameters"):
        submit(made, "policy:marl/random limit=3")


def test_a_game_takes_parameters(tmp_path: Path) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    cup = str(tmp_path / "cup")
    assert "did you mean 'view'" in refused("create", cup, "--game", "classic/connect_four veiw=own")
    assert "classic/connect_four (view: own)" in invoke("create", cup, "--game", "classic/connect_four view=own")
    with opened(Path(cup), load_registry()) as found:
        assert found.config.env.params == {"view": "own"}


def test_a_folder_and_an_archive_of_it_are_the_same_bot(
    event: Callable[..., Event], bot: Callable[..., Path], tmp_path: Path
) -> None:
    folder, archive, around = bot("ann"), tmp_path / "ann.tgz", tmp_path / "around.tar"
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, ".")
    with tarfile.open(around, "w") as file:
        file.add(folder, "ann-1.0")
    made = event(overrides=LIMITS)
    first = submit(made, str(folder), trust=True)
    assert (first.bot.name, first.bot.author, first.bot.kind) == ("ann", "ann's author", "bot")
    assert tree_hash(made.path / "bots" / first.bot.folder) == first.bot.content == tree_hash(folder)
    assert submit(made, str(archive), trust=True).unchanged
    assert submit(made, str(around), trust=True).unchanged
    assert [path.name for path in (made.path / "bots").iterdir()] == [first.bot.folder]


def test_the_same_name_again_is_a_new_version_and_it_is_said(
    event: Callable[..., Event], bot: Callable[..., Path]
) -> None:
    folder = bot("ann")
    made = event(overrides=LIMITS)
    made.close()
    path = str(made.path)
    assert "ann (bot, by ann's author) takes part" in invoke("submit", path, str(folder), "--trust")
    assert "is here already, exactly as it is" in invoke("submit", path, str(folder), "--trust")
    (folder / "bot.py").write_text((folder / "bot.py").read_text() + "# better\n")
    assert "is now version 2, in place of version 1" in invoke("submit", path, str(folder), "--trust")
    with opened(made.path, load_registry()) as found:
        assert [(row.name, row.version) for row in found.ledger.bots()] == [("ann", 2)]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("name: ann\ngames: [classic/tic_tac_toe]\n", "command"),
        ("name: ann\ncomand: [python3, bot.py]\ngames: ['*']\n", "did you mean 'command'"),
        (
            "name: ann\ncommand: [python3, bot.py]\ngames: [classic/kuhn_poker]\n",
            "plays classic/kuhn_poker, and this event",
        ),
        ("name: ann\ncommand: [python3, bot.py]\ngames: [classic/tic_tac_to]\n", "did you mean 'classic/tic_tac_toe'"),
        ("name: ann\ncommand: [python3, other.py]\ngames: ['*']\n", "names other.py, and there is no such file"),
        ("name: [", "this is not YAML"),
        ("- 1", "must be a mapping"),
    ],
)
def test_mistakes_in_bot_yaml(event: Callable[..., Event], bot: Callable[..., Path], text: str, sentence: str) -> None:
    folder = bot("ann")
    (folder / "bot.yaml").write_text(text)
    made = event(overrides=LIMITS)
    with pytest.raises(UserError, match=sentence):
        submit(made, str(folder), trust=True)
    assert list((made.path / "bots").iterdir()) == []


def test_a_build_that_fails_is_the_authors_news(event: Callable[..., Event], bot: Callable[..., Path]) -> None:
    folder = bot("ann")
    (folder / "bot.yaml").write_text(
        (folder / "bot.yaml").read_text() + "build: [sh, -c, 'echo no compiler; exit 3']\n"
    )
    made = event(overrides=LIMITS)
    with pytest.raises(UserError, match=r"building .* failed: .*exit code 3.*no compiler"):
        submit(made, str(folder), trust=True)


def test_strangers_need_a_sandbox_that_holds_or_an_explicit_word(
    event: Callable[..., Event], bot: Callable[..., Path]
) -> None:
    made = event("policy:marl/random", overrides=LIMITS)
    folder = bot("ann")
    with pytest.raises(UserError, match=r"need the sandbox 'bubblewrap' or 'container'.*has 'limits'.*say --trust"):
        submit(made, str(folder))
    submit(made, str(folder), trust=True)
    path = str(made.path)
    made.close()
    assert "say --trust" in refused("run", path)


def test_where_the_sandbox_is_missing_the_host_says_what_to_install(
    event: Callable[..., Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    import league.sandbox.bubblewrap as module

    made = event()
    monkeypatch.setenv("PATH", "/nowhere")
    if hasattr(module._probe, "cache_clear"):
        module._probe.cache_clear()
    assert not BubblewrapSandbox().probe().ok
    with pytest.raises(UserError, match=r"does not work on this machine: .*apt-get install bubblewrap"):
        sandbox_of(made, trust=False)
    if hasattr(module._probe, "cache_clear"):
        module._probe.cache_clear()


def test_events_that_cannot_be_made(tmp_path: Path) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    there = str(tmp_path / "there")
    assert "did you mean 'classic/connect_four'" in refused("create", there, "--game", "classic/connect_for")
    assert "did you mean 'swiss'" in refused("create", there, "--game", "classic/connect_four", "--schedule", "swis")
    wrong = refused("create", there, "--game", "classic/connect_four", "schedule.gmes=3")
    assert "did you mean 'games'" in wrong
    few = refused("create", there, "--game", "classic/connect_four", "budget.processes=0")
    assert few.endswith("budget.processes must be at least 1, not 0")
    few = refused("create", there, "--game", "classic/connect_four", "lease_seconds=3")
    assert few.endswith("lease_seconds: 3 is too few; 5 or more is right")
    assert not Path(there).exists()
    invoke("create", there, "--game", "classic/connect_four")
    assert "already holds an event" in refused("create", there, "--game", "classic/connect_four")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    assert "is not empty: it holds letter.txt" in refused(
        "create", str(tmp_path / "full"), "--game", "classic/tic_tac_toe"
    )


def test_events_that_cannot_be_run(event: Callable[..., Event], tmp_path: Path) -> None:
    made = event("policy:marl/random")
    path = str(made.path)
    assert "is not an event: it has no scenario.yaml" in refused("run", str(tmp_path))
    assert "there are 1 players, and this schedule needs 2 or more" in refused("run", path)
    with locked(made.path):
        assert "in use by process" in refused("run", path)
        assert "in use by process" in refused("submit", path, "policy:marl/first")
        invoke("standings", path)  # looking disturbs nobody
    submit(made, "policy:marl/first")
    invoke("run", path)
    assert "has begun, so its roster is closed" in refused("submit", path, "policy:marl/first")
    assert "has no PGN" in refused("export", path, "--pgn")


def test_a_secret_that_others_can_read_is_refused(event: Callable[..., Event]) -> None:
    made = event("policy:marl/random", "policy:marl/first")
    (made.path / "secret").chmod(0o644)
    assert "chmod 600" in refused("run", str(made.path))


def test_an_event_whose_making_was_killed_is_completed(event: Callable[..., Event]) -> None:
    made = event()
    made.close()
    secret = (made.path / "secret").read_text()
    (made.path / "scenario.yaml").unlink()
    (made.path / "commitment").unlink()
    invoke("create", str(made.path), "--game", "classic/tic_tac_toe")
    assert (made.path / "secret").read_text() == secret
    assert open_event(made.path, load_registry()).commitment


def test_authors_check_their_bot_before_they_submit_it(bot: Callable[..., Path]) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    good, bad = bot("good"), bot("bad", "action = 'north'")
    assert "PROBLEM" not in invoke("check", str(good), "--sandbox", "limits")
    assert "bad has 1 problem; --transcript shows every line" in refused("check", str(bad), "--sandbox", "limits")
    assert "did you mean 'bubblewrap'" in refused("check", str(good), "--sandbox", "bublewrap")
