"""Each check fires: an environment with one bug, and the check that must find it."""

from __future__ import annotations

import dataclasses
import json
import pickle
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from marl import rng
from marl.env import Actions, Environment, EnvSpec, Frame, Lanes, Rows, Searchable, Step, Turn
from marl.exact import SequenceForm
from marl.games import ForkableOneByOne, Match, OneByOne, Outcome, View
from marl.testing import CHECKS, Reference, check_environment
from marl.testing.games import kuhn, matching_pennies, skirmish
from marl.testing.games.corridor import SPEC as CORRIDOR
from marl.testing.games.corridor import Corridor
from marl.testing.games.kuhn import SPEC as KUHN
from marl.testing.games.kuhn import Kuhn, KuhnPoker
from marl.testing.games.pennies import SPEC as PENNIES
from marl.testing.games.pennies import Pennies
from marl.testing.games.skirmish import LIMIT, Skirmish
from marl.testing.games.skirmish import SPEC as SKIRMISH
from marl.types import Array, ArrayTree, Keys

BUGS: list[Any] = []


def finds(check: str, words: str, **options: Any) -> Callable[[Any], Any]:
    """Register a broken environment, the check that must fail on it, and words of its message."""

    def register(factory: Any) -> Any:
        BUGS.append(pytest.param(factory, check, words, options, id=f"{check}-{factory.__name__}"))
        return factory

    return register


class Game(ForkableOneByOne):
    """Skirmish, with room for bugs."""

    rules: type[Match] = Skirmish

    def __init__(self, lanes: int) -> None:
        super().__init__(SKIRMISH, lanes, self.rules)

    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        return self.edit_turn(super().reset(lanes, seeds))

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        step = super().step(lanes, actions)
        step.turn = self.edit_turn(step.turn)
        self.edit_step(step)
        return step

    def edit_turn(self, turn: Turn) -> Turn:
        for rows in turn:
            if rows is not None:
                self.edit_rows(rows)
        return turn

    def edit_rows(self, rows: Rows) -> None: ...

    def edit_step(self, step: Step) -> None: ...


def match_game(name: str, rules: type[Match], spec: EnvSpec = SKIRMISH) -> Callable[[int], Environment]:
    def factory(lanes: int) -> Environment:
        return ForkableOneByOne(spec, lanes, rules)

    factory.__name__ = name
    return factory


class Coins(Match):
    """A fair little game, for those who break it in `play` or `views`."""

    def start(self) -> None:
        self.tick = 0

    def views(self) -> Mapping[int, View]:
        return {agent: View(self.observe(agent)) for agent in (0, 1)}

    def play(self, actions: Mapping[int, Any]) -> Outcome:
        self.tick += 1
        return Outcome({0: 1.0, 1: -1.0}, done=self.tick == 1)

    def observe(self, agent: int) -> Array:
        return np.ones(1, dtype=np.float32)

    def illegal(self, agent: int, action: Any) -> Outcome:
        return Outcome({agent: -1.0, 1 - agent: 1.0}, done=True, fault=agent)


HERE = "(test_broken_environments.py, line "


def coins(check: str, words: str, rules: type[Match], **spec: Any) -> None:
    def factory(lanes: int) -> Environment:
        return OneByOne(dataclasses.replace(PENNIES, **spec), lanes, rules)

    factory.__name__ = rules.__name__
    finds(check, words)(factory)


class GivesNothing(Coins):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        return None  # type: ignore[return-value]


class PaysStrangers(Coins):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        return Outcome({7: 1.0}, done=True)


class TellsWhatNobodyDeclared(Coins):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        return Outcome(done=True, info={"zeal": 1})


class ViewsAreTuples(Coins):
    def views(self) -> Mapping[int, View]:
        return {0: (np.ones(1), None)}  # type: ignore[dict-item]


class SomebodyNeverActs(Coins):
    def views(self) -> Mapping[int, View]:
        return {0: View(self.observe(0))}


class DrawsText(Coins):
    def render(self) -> Frame:
        return "a coin"  # type: ignore[return-value]


class RaisesInItsOwnFile(Coins):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        return {}["board"]  # type: ignore[no-any-return]


class HasAStateThatNobodyKnowsOf(Coins):
    def state(self) -> Array:
        return np.zeros(2, dtype=np.float32)


coins("symmetric", "policies on sides 0 and 1 earn", Coins, symmetric=True)
coins("plays", "gave None, and not an Outcome", GivesNothing)
coins("plays", "has agent 7 in `rewards`: agents are the numbers 0 to 1", PaysStrangers)
coins("plays", "gives the info column 'zeal', which nobody would see: declare it", TellsWhatNobodyDeclared)
coins("plays", "and not a mapping of agents to Views", ViewsAreTuples)
coins("rows", "dynamics are 'simultaneous', but 'hider' had no row in 1 ticks", SomebodyNeverActs)
coins("render", "render gives a str at tick 0, not a Frame", DrawsText)
coins("plays", f"the environment raised KeyError: 'board' {HERE}", RaisesInItsOwnFile)
coins("plays", f"GivesNothing.play {HERE}", GivesNothing)
coins("state", "state() gives something, but the spec declares no state", HasAStateThatNobodyKnowsOf)


# -- declared


@finds("plays", "raised KeyError")
class Crashes(Game):
    def edit_step(self, step: Step) -> None:
        raise KeyError("board")


@finds("plays", "lacks something")
class NoRender(Game):
    render = None  # type: ignore[assignment]

    def __getattribute__(self, name: str) -> Any:
        if name == "render":
            raise AttributeError(name)
        return super().__getattribute__(name)


@finds("plays", "7 lanes")
def too_many_lanes(lanes: int) -> Environment:
    return skirmish(7)


@finds("spec", "depends on the number of lanes")
def spec_by_lanes(lanes: int) -> Environment:
    return ForkableOneByOne(dataclasses.replace(SKIRMISH, max_length=LIMIT + lanes), lanes, Skirmish)


@finds("spec", "different names")
def twins(lanes: int) -> Environment:
    return OneByOne(dataclasses.replace(PENNIES, agents=("a", "a")), lanes, Pennies)


@finds("spec", "low, then high")
def upside_down(lanes: int) -> Environment:
    return OneByOne(dataclasses.replace(PENNIES, returns=(1, -1)), lanes, Pennies)


@finds("spaces", "holds a NaN")
class NotANumber(Game):
    def edit_rows(self, rows: Rows) -> None:
        if rows.group == 1:
            rows.observation[0, 0] = np.nan


@finds("spaces", "dtype float64")
class WrongDtype(Game):
    def edit_rows(self, rows: Rows) -> None:
        if rows.group == 1:
            rows.observation = rows.observation.astype(np.float64)


@finds("spaces", "'health' has rows of shape (3,)")
class WrongShape(Game):
    def edit_rows(self, rows: Rows) -> None:
        if rows.group == 0:
            rows.observation["health"] = rows.observation["health"][:, :3]


@finds("spaces", "final observation of group 'tanks'")
class FinalOutOfBounds(Game):
    def edit_step(self, step: Step) -> None:
        if step.final[1] is not None:
            step.final[1].observation += 100


@finds("spaces", "state, tick 0")
class WildState(Game):
    def state(self, lanes: Lanes) -> ArrayTree:
        return super().state(lanes) + np.float32(50)


@finds("steps", "rewards has dtype float32")
class SmallRewards(Game):
    def edit_step(self, step: Step) -> None:
        step.rewards = step.rewards.astype(np.float32)  # type: ignore[assignment]


@finds("steps", "info has the columns []")
class NoInfo(Game):
    def edit_step(self, step: Step) -> None:
        step.info = {}


# -- rows


@finds("rows", "in the order")
class Sorted(Game):
    """Rows in the order of lane numbers, not of the argument."""

    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        order = np.argsort(lanes)
        return super().reset(lanes[order], seeds[order])


@finds("rows", "there are rows of lanes")
class AnotherLane(Game):
    def edit_rows(self, rows: Rows) -> None:
        rows.lane = (rows.lane + 1) % 7


@finds("rows", "carry group 0")
class WrongGroup(Game):
    def edit_rows(self, rows: Rows) -> None:
        rows.group = 0


@finds("rows", "2 rows at once")
def turns_at_once(lanes: int) -> Environment:
    return ForkableOneByOne(dataclasses.replace(PENNIES, dynamics="turns"), lanes, Pennies)


class Idle(Skirmish):
    def views(self) -> Mapping[int, View]:
        return {} if self.tick == 1 else super().views()


finds("rows", "nobody in it has a row")(match_game("idle", Idle))


@finds("first", "missing on the first row")
class NeverFirst(Game):
    def edit_rows(self, rows: Rows) -> None:
        rows.first[:] = False


@finds("first", "set on a later row")
class AlwaysFirst(Game):
    def edit_rows(self, rows: Rows) -> None:
        rows.first[:] = True


@finds("masks", "no legal action")
class NothingLegal(Game):
    def edit_rows(self, rows: Rows) -> None:
        if rows.mask is not None:
            rows.mask[:, 3:] = False  # the second part of the MultiDiscrete


@finds("masks", "shape")
class NarrowMask(Game):
    def edit_rows(self, rows: Rows) -> None:
        rows.mask = None if rows.mask is None else np.concatenate([rows.mask, rows.mask[:, -1:]], axis=1)


@finds("masks", "counted as a fault")
class MaskTooWide(Game):
    def edit_rows(self, rows: Rows) -> None:
        if rows.mask is not None:
            rows.mask[:] = True


# -- rules


class Raises(Skirmish):
    def illegal(self, agent: int, action: Any) -> Outcome:
        raise RuntimeError("no!")


class Forgives(Skirmish):
    def illegal(self, agent: int, action: Any) -> Outcome:
        return Outcome(info={"hits": 0})


class BlamesAnother(Skirmish):
    def illegal(self, agent: int, action: Any) -> Outcome:
        return Outcome(done=True, fault=(agent + 1) % 4)


class PlaysOn(Skirmish):
    def illegal(self, agent: int, action: Any) -> Outcome:
        return Outcome(fault=agent)


finds("faults", "raises RuntimeError")(match_game("raises", Raises))
finds("faults", "-1 is nobody")(match_game("forgives", Forgives))
finds("faults", "is laid to")(match_game("blames_another", BlamesAnother))
finds("faults", "does not end the match")(match_game("plays_on", PlaysOn))


@finds("faults", "that is negative")
class WrapsAround(Game):
    """-1 is taken for the last action, as numpy does."""

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        scouts, tanks = actions
        return super().step(lanes, [None if scouts is None else np.where(scouts == -1, 1, scouts), tanks])


@finds("faults", "that is masked")
class IgnoresMasks(Game):
    def _play(self, lane: int, actions: dict[int, Any]) -> Outcome:
        self._waiting[lane] = {a: View(v.observation) for a, v in self._waiting[lane].items()}
        return super()._play(lane, actions)


@finds("faults", "changed the match in lane 0")
class FaultSpreads(Game):
    def edit_step(self, step: Step) -> None:
        if (step.fault >= 0).any():
            step.rewards[:, 0] -= 1


@finds("arguments", "too many actions are accepted")
class TakesMore(Game):
    def step(self, lanes: Lanes, actions: Actions) -> Step:
        pending = [sum(self._group[a] == g for lane in lanes for a in self._waiting[lane]) for g in (0, 1)]
        cut = [None if batch is None else batch[:size] for batch, size in zip(actions, pending, strict=True)]
        return super().step(lanes, cut)


@finds("arguments", "not ValueError")
class RaisesIndexError(Game):
    def step(self, lanes: Lanes, actions: Actions) -> Step:
        try:
            return super().step(lanes, actions)
        except ValueError:
            raise IndexError("out of range") from None


@finds("arguments", "not a sentence")
class Curt(Game):
    def step(self, lanes: Lanes, actions: Actions) -> Step:
        try:
            return super().step(lanes, actions)
        except ValueError:
            raise ValueError("bad actions") from None


@finds("arguments", "changed a match")
class PlaysBeforeItLooks(Game):
    def step(self, lanes: Lanes, actions: Actions) -> Step:
        for match in self.matches:
            match.chance()  # type: ignore[union-attr]
        return super().step(lanes, actions)


@finds("aliasing", "observation")
class OneBuffer(Game):
    """Observations are views of a buffer that the next call fills."""

    def edit_rows(self, rows: Rows) -> None:
        if rows.group == 1:
            self.buffer = getattr(self, "buffer", np.zeros((100, 5), dtype=np.float32))
            self.buffer[: len(rows)] = rows.observation
            rows.observation = self.buffer[: len(rows)]


@finds("aliasing", "observation")
class OneRowIsAView(Game):
    """A batch of one row is the match's own array."""

    def edit_rows(self, rows: Rows) -> None:
        if rows.group == 1 and self.lanes == 1 and rows.agent[0] == 1:
            match = self.match(0)
            assert isinstance(match, Skirmish)
            match.health = rows.observation[0, :4]


@finds("aliasing", "the actions")
class WritesActions(Game):
    def step(self, lanes: Lanes, actions: Actions) -> Step:
        step = super().step(lanes, actions)
        if actions[1] is not None:
            actions[1][:] = 0
        return step


# -- endings


class Endless(Skirmish):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        super().play(actions)
        self.health[:] = 1
        return Outcome(info={"hits": 0})


class EndsTwice(Skirmish):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        outcome = super().play(actions)
        outcome.terminated = {0} if not outcome.done else outcome.terminated
        return outcome


finds("termination", "goes on after max_length")(match_game("endless", Endless))
finds("termination", "have rows")(match_game("acts_after_its_end", EndsTwice))


@finds("termination", "terminated and truncated at once")
class BothWays(Game):
    def edit_step(self, step: Step) -> None:
        step.truncated |= step.terminated


@finds("termination", "end a second time")
class EndsAgain(Game):
    def edit_step(self, step: Step) -> None:
        step.terminated[step.done] = True
        step.truncated[step.done] = False


@finds("termination", "go on")
class DoneTooEarly(Game):
    def edit_step(self, step: Step) -> None:
        step.terminated[:, 1] = False
        step.truncated[:, 1] = False


@finds("termination", "`done` is not set")
class NeverDone(Game):
    def edit_step(self, step: Step) -> None:
        step.done[:] = False


@finds("termination", "nobody can collect")
class PaysTheDead(Game):
    def edit_step(self, step: Step) -> None:
        step.rewards += 0.001


@finds("final", "has no final observation")
class NoFinal(Game):
    def edit_step(self, step: Step) -> None:
        step.final = (None, step.final[1])


@finds("final", "did not end")
class FinalForAll(Game):
    def edit_step(self, step: Step) -> None:
        step.final = tuple(now if last is None else last for now, last in zip(step.turn, step.final, strict=True))


@finds("returns", "spec.returns is")
def narrow_returns(lanes: int) -> Environment:
    return KuhnLike(dataclasses.replace(KUHN, returns=(-0.5, 0.5)), lanes)


@finds("returns", "sum to")
def not_zero_sum(lanes: int) -> Environment:
    return OneByOne(PENNIES, lanes, Generous)


class KuhnLike(OneByOne):
    def __init__(self, spec: EnvSpec, lanes: int) -> None:
        super().__init__(spec, lanes, Kuhn)


class Generous(Pennies):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        return Outcome({0: 1.0, 1: 0.5}, done=True)


# -- chance and lanes


class GlobalDice(Skirmish):
    def chance(self) -> float:
        return float(np.random.default_rng().random())


finds("determinism", "in a new environment")(match_game("global_dice", GlobalDice))


@finds("determinism", "after a reset")
class RemembersMatches(Game):
    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        self.resets = getattr(self, "resets", 0) + len(lanes)
        return super().reset(lanes, seeds + np.uint64(self.resets // 5))


@finds("seeds", "10 seeds gave the same match", chance=True)
class SameSeed(Game):
    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        return super().reset(lanes, np.zeros_like(seeds))


@finds("seeds", "the seed changes the match", chance=False)
def has_chance(lanes: int) -> Environment:
    return kuhn(lanes)


@finds("batched", "when played alone")
class CountsLanes(Game):
    def edit_step(self, step: Step) -> None:
        step.rewards[:, 0] += 0.01 * (self.lanes > 1)


@finds("independence", "in lane 4")
class LaneInSeed(Game):
    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        return super().reset(lanes, rng.mix(seeds, lanes))


@finds("independence", "is another one in lane 0, with others")
class Leaks(Game):
    """Everybody sees lane 4's tank."""

    def edit_rows(self, rows: Rows) -> None:
        if rows.group == 1 and (rows.lane == 4).any():
            rows.observation[:, 0] = rows.observation[rows.lane == 4][0, 4]
            rows.observation[:, 0] += self.match(4).seed % 97 / 97


@finds("partial_reset", "reset while others play")
class ResetsAll(Game):
    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        for lane, match in enumerate(self.matches):
            if match is not None and lane not in lanes:
                match.start()
        return super().reset(lanes, seeds)


@finds("partial_step", "stepped in groups")
class StepsAll(Game):
    """Every lane's clock runs, also those that are not stepped."""

    def step(self, lanes: Lanes, actions: Actions) -> Step:
        for lane in set(range(self.lanes)) - set(lanes.tolist()):
            self.match(lane).chance()
        return super().step(lanes, actions)


# -- powers


@finds("state", "row 0 of state")
class StateInLaneOrder(Game):
    def state(self, lanes: Lanes) -> ArrayTree:
        return super().state(np.sort(lanes))


class Blank(Skirmish):
    def render(self) -> Frame:
        return Frame("", "")


class Unclosed(Skirmish):
    def render(self) -> Frame:
        return Frame("skirmish", "<svg><rect>")


finds("render", "is empty")(match_game("blank", Blank))
finds("render", "not well-formed")(match_game("unclosed", Unclosed))


@finds("fork", "goes on differently")
class ForgetsDraws(Game):
    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        turn = super().load(lanes, blob, seeds)
        for lane in lanes.tolist():
            self.match(lane).draws += 1
        return turn


@finds("fork", "pickle")
class Pickles(Game):
    def save(self, lanes: Lanes) -> bytes:
        return pickle.dumps(super().save(lanes))

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        return super().load(lanes, pickle.loads(blob), seeds)


@finds("fork", "new seeds change what an agent sees now")
class DealsAgain(KuhnPoker):
    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        turn = super().load(lanes, blob)
        return turn if seeds is None else self.reset(lanes, seeds)


@finds("fork", "two futures")
class DrawsFreshChance(Game):
    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        self.loads = getattr(self, "loads", 0) + 1
        return super().load(lanes, blob, None if seeds is None else seeds + np.uint64(self.loads))


@finds("copies", "goes on differently")
class CopiesShare(Game):
    def copy_from(self, other: Searchable, source: Lanes, lanes: Lanes) -> None:
        super().copy_from(other, source, lanes)
        for lane in lanes.tolist():
            self.matches[lane] = self.matches[int(lanes[0])]


@finds("copies", "lanes")
class SizesAsBefore(Game):
    def sized(self, lanes: int) -> SizesAsBefore:
        return self


@finds("deterministic", "with another seed")
class LeavesNothingToChance(Game):
    def __init__(self, lanes: int) -> None:
        super().__init__(lanes)
        self.spec = dataclasses.replace(self.spec, deterministic=True)


class TaskedGame(ForkableOneByOne):
    def __init__(self, lanes: int) -> None:
        super().__init__(CORRIDOR, lanes, Corridor)


@finds("tasks", "not of the task that spec.tasks.drawn")
class PlaysTheFirstTask(TaskedGame):
    def reset(self, lanes: Lanes, seeds: Keys, tasks: Array | None = None) -> Turn:
        return super().reset(lanes, seeds, np.zeros(len(lanes), np.int64) if tasks is None else tasks)


@finds("tasks", "are accepted")
class AnyTaskWillDo(TaskedGame):
    def reset(self, lanes: Lanes, seeds: Keys, tasks: Array | None = None) -> Turn:
        return super().reset(lanes, seeds, None if tasks is None else np.resize(np.maximum(tasks, 0) % 4, len(lanes)))


@finds("tasks", "a saved match of task 0 is of another one")
class ForgetsTheTask(TaskedGame):
    def save(self, lanes: Lanes) -> bytes:
        return json.dumps([[log[0][0], *log[1:]] for log in json.loads(super().save(lanes))]).encode()

    def load(self, lanes: Lanes, blob: bytes, seeds: Keys | None = None) -> Turn:
        logs = [[[log[0], 3], *log[1:]] for log in json.loads(blob)]
        return super().load(lanes, json.dumps(logs).encode(), seeds)


class Misformed(KuhnPoker):
    def sequence_form(self) -> SequenceForm:
        return self.spoil(super().sequence_form())

    def spoil(self, form: SequenceForm) -> SequenceForm:
        raise NotImplementedError


def with_first(form: SequenceForm, **changes: Array) -> SequenceForm:
    players = (dataclasses.replace(form.players[0], **changes), form.players[1])
    return dataclasses.replace(form, players=players)


@finds("exact", "have the same observation")
class Blind(Misformed):
    def spoil(self, form: SequenceForm) -> SequenceForm:
        seen = form.players[0].observation.copy()
        seen[0] = seen[1]
        return with_first(form, observation=seen)


@finds("exact", "no information set of player 0 has")
class Incomplete(Misformed):
    def spoil(self, form: SequenceForm) -> SequenceForm:
        seen = form.players[0].observation.copy()
        seen[4] = 7
        return with_first(form, observation=seen)


@finds("exact", "uniform play is worth")
class WrongPayoffs(Misformed):
    def spoil(self, form: SequenceForm) -> SequenceForm:
        return dataclasses.replace(form, payoff=-form.payoff)


@finds("exact", "there are 2 sides")
class OnePlayer(Misformed):
    def spoil(self, form: SequenceForm) -> SequenceForm:
        return dataclasses.replace(form, players=form.players[:1])


@finds("exact", "another mask than its row")
class MaskedInPlay(KuhnPoker):
    def edit(self, turn: Turn) -> Turn:
        for rows in turn:
            if rows is not None and rows.mask is not None:
                rows.mask[:, 1] = False
        return turn

    def reset(self, lanes: Lanes, seeds: Keys) -> Turn:
        return self.edit(super().reset(lanes, seeds))


class OtherRules(Pennies):
    def play(self, actions: Mapping[int, Any]) -> Outcome:
        outcome = super().play(actions)
        return Outcome({agent: -reward for agent, reward in outcome.rewards.items()}, done=True)


@finds("reference", "rewards is", reference=Reference(matching_pennies))
def other_rules(lanes: int) -> Environment:
    return OneByOne(PENNIES, lanes, OtherRules)


@finds("reference", "the reference differ", reference=Reference(kuhn, seeds=lambda seeds: seeds + np.uint64(1)))
def other_cards(lanes: int) -> Environment:
    return kuhn(lanes)


@pytest.mark.parametrize(("factory", "check", "words", "options"), BUGS)
def test_the_check_finds_the_bug(factory: Any, check: str, words: str, options: dict[str, Any]) -> None:
    result = check_environment(factory, only=[check], **options)[check]
    doubtful = factory is SameSeed or factory.__name__ in ("HasAStateThatNobodyKnowsOf", "SomebodyNeverActs")
    assert result.status == ("warn" if doubtful else "fail"), result.text()
    assert words in result.message
    assert result.hint
    assert result.seed == 0


def test_every_check_has_a_broken_environment() -> None:
    assert {bug.values[1] for bug in BUGS} == set(CHECKS)
