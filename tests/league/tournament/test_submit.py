"""What users get wrong, and what they are told."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.console import Console

from league.sandbox.bubblewrap import BubblewrapSandbox
from league.tournament.commands import app, sentence
from league.tournament.entry import Entry, parse
from league.tournament.event import Event, open_event, opened
from league.tournament.exchange import export_lines, import_lines
from league.tournament.operate import Options, operate
from league.tournament.players import player_of
from league.tournament.progress import Display
from league.tournament.receive import tree_hash
from league.tournament.runner import run
from league.tournament.strangers import sandbox_of
from league.tournament.submit import Terms, submit
from marl.errors import UserError
from marl.registry import load_registry
from marl.run.directory import locked
from marl.scenario import load_scenario

LIMITS = ("sandbox=league/limits",)
TRUSTED = Terms(trust=True)


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
        ("marl/random", Entry("policy", "marl/random")),
        ("ann=marl/random", Entry("policy", "marl/random", "ann")),
        ("one=marl/xyz limit=1", Entry("policy", "marl/xyz limit=1", "one")),
        ("marl/xyz limit=1", Entry("policy", "marl/xyz limit=1")),
        ("runs/x@player_0/3", Entry("snapshot", "runs/x@player_0/3")),
        ("runs/x greedy=true", Entry("snapshot", "runs/x greedy=true")),
        ("ann=blobs/0f.safetensors", Entry("snapshot", "blobs/0f.safetensors", "ann")),
        ("person:ann", Entry("person", "ann")),
        ("bots/python", Entry("files", "bots/python")),
        ("mine=bots/a.tgz", Entry("files", "bots/a.tgz", "mine")),
        ("./odd=name/bot", Entry("files", "./odd=name/bot")),
    ],
)
def test_what_may_be_submitted(text: str, entry: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for file in (
        "runs/x/scenario.yaml",
        "bots/python/bot.yaml",
        "bots/a.tgz",
        "blobs/0f.safetensors",
        "odd=name/bot/bot.yaml",
    ):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).touch()
    monkeypatch.chdir(tmp_path)
    assert parse(text) == entry


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("policy:marl/random", "players are named without 'policy' now: marl/random"),
        ("snapshot:runs/x:player_0/3", "players are named without 'snapshot' now: runs/x@player_0/3"),
        ("person:", "names nobody; as in person:ann"),
        ("a&b=marl/random", "the name 'a&b' will not do"),
        ("marl/randm", "did you mean 'marl/random'"),
        ("runs/nowhere", "there is no run, snapshot or bot 'runs/nowhere'"),
        ("nowhere/bot", "no plugin 'nowhere' is installed, and there is no run, snapshot or bot 'nowhere/bot'"),
    ],
)
def test_what_may_not(event: Callable[..., Event], text: str, sentence: str) -> None:
    made = event(overrides=LIMITS)
    with pytest.raises(UserError, match=sentence):
        submit(made, text, TRUSTED)
    assert made.ledger.bots() == []


def test_what_a_training_run_learned_takes_part(
    event: Callable[..., Event], tmp_path: Path, marl: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    pytest.importorskip("marl_rllib", reason="needs the plugin marl-rllib")
    scenario, run = tmp_path / "learn.yaml", tmp_path / "learned"
    scenario.write_text(
        "kind: train\nname: learner\nenv: classic/tic_tac_toe\nenv_steps: 600\nslice: 300\nevaluation: {every: 0}\n"
        "algorithm: {name: rllib/ppo, lanes: 16, rows: 128, model: {hidden: [8]}}\n"
    )
    assert marl("run", scenario, "--out", run).returncode == 0
    made = event(f"{run}", f"ann={run}@1 greedy=true", f"bob={run}@1")
    bots = {bot.name: bot for bot in made.ledger.bots()}
    assert set(bots) == {"learned", "ann", "bob"}
    assert {(bot.kind, bot.author) for bot in bots.values()} == {("snapshot", "learner")}
    assert len({bot.content for bot in bots.values()}) == 3  # greedy play is another player
    operate(made, Options(2), Display(Console(quiet=True)))
    assert len(made.ledger.matches()) == 6
    with pytest.raises(UserError, match="has no player '9'"):
        submit(event(name="second"), f"{run}@9")
    assert marl("run", scenario, "opponents=[marl/random]", "side=1", "--out", tmp_path / "one").returncode == 0
    with pytest.raises(UserError, match="learned to play side 1 only"):
        submit(event(name="third"), f"{tmp_path / 'one'}")
    other = "env={name: classic/connect_four, view: own}"
    assert marl("run", scenario, other, "--out", tmp_path / "other").returncode == 0
    sentence = r"plays classic/connect_four \(view: own, first: player_0\), and this event classic/tic_tac_toe"
    with pytest.raises(UserError, match=sentence):
        submit(event(name="fourth"), f"{tmp_path / 'other'}")


def test_a_policy_takes_part_with_parameters(event: Callable[..., Event], tmp_path: Path) -> None:
    pytest.importorskip("marl_openspiel", reason="needs the plugin marl-openspiel")
    made = event(
        "one=openspiel/mcts simulations=1", "two=openspiel/mcts simulations=2", "openspiel/mcts",
        overrides=("env=classic/connect_four",),
    )  # fmt: skip
    bots = {bot.name: bot for bot in made.ledger.bots()}
    kept = {"one": "openspiel/mcts simulations=1", "two": "openspiel/mcts simulations=2", "mcts": "openspiel/mcts"}
    assert {name: bot.content for name, bot in bots.items()} == kept
    searches = {
        name: player_of(bot, made.path, made.config, made.spec).policy.simulations for name, bot in bots.items()
    }
    assert searches == {"one": 1, "two": 2, "mcts": 100}
    same = submit(made, "one=openspiel/mcts simulations=1")
    assert same.unchanged and sentence(same).startswith("one (policy of openspiel) is here")
    assert submit(made, "one=openspiel/mcts simulations=3", Terms(replace=True)).bot.version == 2
    again = import_lines(export_lines(made), tmp_path / "copy", load_registry())
    assert [bot.content for bot in again.ledger.bots()] == [bot.content for bot in made.ledger.bots()]
    again.close()
    with pytest.raises(UserError, match="did you mean 'simulations'"):
        submit(made, "openspiel/mcts simulation=3")
    with pytest.raises(UserError, match="takes no parameters"):
        submit(made, "marl/random limit=3")


def test_a_game_takes_parameters(tmp_path: Path) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    cup = str(tmp_path / "cup")
    assert "did you mean 'view'" in refused("create", cup, "--game", "classic/connect_four veiw=own")
    assert "classic/connect_four (view: own, first: player_0)" in invoke(
        "create", cup, "--game", "classic/connect_four view=own"
    )
    with opened(Path(cup), load_registry()) as found:
        assert found.config.env.params == {"view": "own", "first": "player_0"}


def test_a_folder_and_an_archive_of_it_are_the_same_bot(
    event: Callable[..., Event], bot: Callable[..., Path], tmp_path: Path
) -> None:
    folder, archive, around = bot("ann"), tmp_path / "ann.tgz", tmp_path / "around.tar"
    with tarfile.open(archive, "w:gz") as file:
        file.add(folder, ".")
    with tarfile.open(around, "w") as file:
        file.add(folder, "ann-1.0")
    made = event(overrides=LIMITS)
    first = submit(made, str(folder), TRUSTED)
    assert (first.bot.name, first.bot.author, first.bot.kind) == ("ann", "ann's author", "bot")
    assert tree_hash(made.path / "bots" / first.bot.folder) == first.bot.content == tree_hash(folder)
    assert submit(made, str(archive), TRUSTED).unchanged
    assert submit(made, str(around), TRUSTED).unchanged
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
    assert "say --replace if it is a new version" in refused("submit", path, str(folder), "--trust")
    assert "is now version 2, in place of version 1" in invoke("submit", path, str(folder), "--trust", "--replace")
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
        submit(made, str(folder), TRUSTED)
    assert list((made.path / "bots").iterdir()) == []


def test_a_build_that_fails_is_the_authors_news(event: Callable[..., Event], bot: Callable[..., Path]) -> None:
    folder = bot("ann")
    (folder / "bot.yaml").write_text(
        (folder / "bot.yaml").read_text() + "build: [sh, -c, 'echo no compiler; exit 3']\n"
    )
    made = event(overrides=LIMITS)
    with pytest.raises(UserError, match=r"building .* failed: .*exit code 3.*no compiler"):
        submit(made, str(folder), TRUSTED)


def test_strangers_need_a_sandbox_that_holds_or_an_explicit_word(
    event: Callable[..., Event], bot: Callable[..., Path]
) -> None:
    made = event("marl/random", overrides=LIMITS)
    folder = bot("ann")
    with pytest.raises(UserError, match=r"need the sandbox 'bubblewrap' or 'container'.*has 'limits'.*say --trust"):
        submit(made, str(folder))
    submit(made, str(folder), TRUSTED)
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
    assert few.endswith("lease_seconds must be at least 5, not 3.0")
    assert not Path(there).exists()
    invoke("create", there, "--game", "classic/connect_four")
    assert "already holds an event" in refused("create", there, "--game", "classic/connect_four")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("dear")
    assert "is not empty: it holds letter.txt" in refused(
        "create", str(tmp_path / "full"), "--game", "classic/tic_tac_toe"
    )


def test_events_that_cannot_be_run(event: Callable[..., Event], tmp_path: Path) -> None:
    made = event("marl/random")
    path = str(made.path)
    assert "is not an event: it has no scenario.yaml" in refused("run", str(tmp_path))
    assert "there are 1 players, and this schedule needs 2 or more" in refused("run", path)
    with locked(made.path):
        assert "in use by process" in refused("run", path)
        assert "in use by process" in refused("submit", path, "marl/first")
        invoke("standings", path)  # looking disturbs nobody
    submit(made, "marl/first")
    invoke("run", path)
    assert "is over; make a new event for new players" in refused("submit", path, "marl/first")
    assert "has no PGN" in refused("export", path, "--pgn")


def test_a_secret_that_others_can_read_is_refused(event: Callable[..., Event]) -> None:
    made = event("marl/random", "marl/first")
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


def test_a_name_belongs_to_the_author_who_had_it_first(event: Callable[..., Event], bot: Callable[..., Path]) -> None:
    made = event(overrides=LIMITS)
    ann = bot("ann")
    submit(made, str(ann), TRUSTED)
    (ann / "bot.yaml").write_text((ann / "bot.yaml").read_text().replace("ann's author", "mallory"))
    for text in (str(ann), f"ANN={ann}"):
        with pytest.raises(UserError, match=r"the name ann is taken \(version 1, bot by ann's author\): give this one"):
            submit(made, text, TRUSTED)
        with pytest.raises(UserError, match=r"and this one is by mallory: only who had a name first may replace it"):
            submit(made, text, Terms(trust=True, replace=True))
    (row,) = made.ledger.bots()
    assert (row.name, row.version, row.author) == ("ann", 1, "ann's author")
    assert [path.name for path in (made.path / "bots").iterdir()] == [row.folder]  # nothing is left of the refused
    taken = submit(made, f"ANN={ann}", Terms(trust=True, replace=True, anybody=True)).bot
    assert (taken.name, taken.version, taken.author) == ("ann", 2, "mallory")
    with pytest.raises(UserError, match=r"by mallory: only who had a name first"):  # the first author's still
        (ann / "bot.py").write_text((ann / "bot.py").read_text() + "# better\n")
        submit(made, str(ann), Terms(trust=True, replace=True))


def test_who_names_no_author_cannot_claim_a_name(event: Callable[..., Event], bot: Callable[..., Path]) -> None:
    made, ann = event(overrides=LIMITS), bot("ann")
    (ann / "bot.yaml").write_text("name: ann\ncommand: [python3, bot.py]\ngames: [classic/tic_tac_toe]\n")
    submit(made, str(ann), TRUSTED)
    (ann / "bot.py").write_text((ann / "bot.py").read_text() + "# better\n")
    with pytest.raises(UserError, match="only who had a name first"):
        submit(made, str(ann), Terms(trust=True, replace=True))


def test_names_are_one_within_a_command_too_and_nothing_is_entered(event: Callable[..., Event]) -> None:
    made = event()
    path = str(made.path)
    sentence = refused("submit", path, "marl/first", "x=marl/random", "X=marl/first", "--replace")
    assert "x=marl/random and X=marl/first would both be called X" in sentence
    assert made.ledger.bots() == []


def test_a_bot_that_cannot_play_is_refused_unless_the_host_wants_it(
    event: Callable[..., Event], bot: Callable[..., Path]
) -> None:
    made, path = event(overrides=LIMITS), bot("ann", "action = LEGAL[")
    cup = str(made.path)
    sentence = refused("submit", cup, str(path), "marl/random", "--trust")
    assert "ann fails in a match against itself (side 0): crash: its process ended: exit code 1" in sentence
    assert "| SyntaxError: " in sentence
    assert "--no-validate takes it as it is" in sentence
    assert made.ledger.bots() == []
    assert list((made.path / "bots").iterdir()) == []
    assert "ann (bot, by ann's author) takes part" in invoke("submit", cup, str(path), "--trust", "--no-validate")


@pytest.mark.parametrize("kind", ["link", "loop", "pipe", "folder", "device"])
def test_a_bot_yaml_is_a_file_of_its_own(event: Callable[..., Event], bot: Callable[..., Path], kind: str) -> None:
    folder = bot("ann")
    file = folder / "bot.yaml"
    file.rename(folder.parent / "elsewhere.yaml")
    match kind:
        case "link":
            file.symlink_to(folder.parent / "elsewhere.yaml")
        case "loop":
            file.symlink_to(file)
        case "pipe":
            os.mkfifo(file)
        case "folder":
            file.mkdir()
        case "device":
            try:
                os.mknod(file, 0o600 | stat.S_IFCHR, os.makedev(1, 5))
            except PermissionError:
                pytest.skip("only root makes devices")
    made = event(overrides=LIMITS)
    with pytest.raises(UserError, match=r"bot\.yaml is (a link|not a file); it must be|bot\.yaml is not a file, but"):
        submit(made, str(folder), TRUSTED)


def test_an_event_whose_bots_do_not_start_says_so_and_plays_nothing(
    event: Callable[..., Event], bot: Callable[..., Path]
) -> None:
    silent = "import time; time.sleep(60)"
    folders = [bot("ann"), bot("bob")]
    for folder in folders:
        (folder / "bot.py").write_text(silent)
    made = event(*map(str, folders), "marl/random", overrides=(*LIMITS, "clocks.start=0.3"))
    sentence = refused("run", str(made.path), "--trust")
    assert "no bot of" in sentence and "ann: no start: it was not ready within 0.3 s" in sentence
    assert made.ledger.matches() == []
    assert not made.has_begun
    other = event(str(bot("zoe")), str(folders[0]), overrides=LIMITS, name="other")
    (other.path / "bots" / other.ledger.bots()[1].folder / "bot.py").write_text("raise ValueError")
    invoke("run", str(other.path), "--trust")  # one that starts is enough: the other one just loses
    assert len(other.ledger.matches()) == 2


def test_a_person_who_is_not_there_pauses_the_event(event: Callable[..., Event]) -> None:
    made = event("person:ann", "marl/first")
    made.close()
    command = [sys.executable, "-m", "marl", "tournament", "run", str(made.path), "--workers", "1"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 130
    assert "paused: nobody answers at this terminal; nothing is lost: go on with `marl tournament run" in done.stdout
    done = subprocess.run(command, input="0\n", capture_output=True, text=True, check=False)  # Ctrl-D after a move
    assert done.returncode == 130
    with opened(made.path, load_registry()) as found:
        assert found.ledger.matches() == []
        assert not found.has_ended


def test_the_page_is_written_whoever_reads_the_table(event: Callable[..., Event]) -> None:
    made = event("marl/first", "marl/random")
    command = f"{shlex.quote(sys.executable)} -m marl tournament standings {shlex.quote(str(made.path))} | head -n 1"
    subprocess.run(["bash", "-c", command], check=True, capture_output=True)
    assert (made.path / "standings.html").read_text().endswith("</html>\n")


@pytest.mark.parametrize(
    ("bots", "sentence"),
    [
        ("['marl/random', 'marl/frist']", "did you mean 'marl/first'"),
        ("['marl/random', 'nowhere/bot']", "there is no run, snapshot or bot 'nowhere/bot'"),
        ("['marl/random', 'marl/random']", "would both be called random"),
    ],
)
def test_a_scenario_whose_bots_cannot_play_leaves_no_event(tmp_path: Path, bots: str, sentence: str) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    file = tmp_path / "cup.yaml"
    file.write_text(f"kind: tournament\nenv: classic/tic_tac_toe\nbots: {bots}\n")
    registry = load_registry()
    with pytest.raises(UserError, match=sentence):
        run(load_scenario(file, [], registry), registry, tmp_path / "cup", resume=False)
    assert not (tmp_path / "cup").exists()
    (tmp_path / "there").mkdir()
    with pytest.raises(UserError, match=sentence):
        run(load_scenario(file, [], registry), registry, tmp_path / "there", resume=False)
    assert [path.name for path in (tmp_path / "there").iterdir()] == ["lock"]
    good = load_scenario(file, ["bots=['marl/random', 'marl/first']"], registry)
    run(good, registry, tmp_path / "there", resume=False)


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("clocks.move=.inf", "clocks.move: inf is not a finite number"),
        ("clocks.move=.nan", "clocks.move: nan is not a finite number"),
        ("clocks.bank=-1", "clocks.bank must be at least 0, not -1.0"),
        ("limits.processes=0", "limits.processes must be at least 1, not 0"),
        ("limits.memory_mb=-5", "limits.memory_mb must be at least 1, not -5"),
        ("limits.cpu_seconds=0", "limits.cpu_seconds must be at least 1, not 0"),
        ("limits.cpus=.nan", "limits.cpus: nan is not a finite number"),
        ("limits.cpus=0", "limits.cpus must be at least 0.01, not 0.0"),
        ("limits.files_mb=-1", "limits.files_mb must be at least 1, not -1"),
        ("limits.open_files=0", "limits.open_files must be at least 8, not 0"),
        ("limits.log_kb=-1", "limits.log_kb must be at least 0, not -1"),
        ("output.line=0", "output.line must be at least 64, not 0"),
        ("output.match=-1", "output.match must be at least 64, not -1"),
        ("lease_seconds=.nan", "lease_seconds: nan is not a finite number"),
        ("lease_seconds=.inf", "lease_seconds: inf is not a finite number"),
    ],
)
def test_settings_that_make_no_sense(tmp_path: Path, setting: str, sentence: str) -> None:
    pytest.importorskip("marl_classic", reason="needs the plugin marl-classic")
    there = str(tmp_path / "there")
    assert sentence in refused("create", there, "--game", "classic/tic_tac_toe", setting)
    assert not Path(there).exists()
