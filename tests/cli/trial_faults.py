"""A plugin whose things break one promise each, and some that keep all; see test_trials.py."""

import time
from dataclasses import dataclass, replace

import numpy as np

from league.orders import Order
from league.payoffs.row import EXACT, PayoffRow
from league.ratings import Rating
from league.sandbox import Finished, Probe
from league.sandbox.plain import NoSandbox
from league.schedules import Pairing
from league.schedules.round_robin import RoundRobin
from league.strategies.founders import founders_of
from marl import rng
from marl.algorithm import Checkpoint, Trained
from marl.errors import UserError
from marl.job import Job
from marl.policy import Acts
from marl.registry import Component, Descriptor, hookimpl
from marl.snapshot import Snapshot

MARL_API = ">=2,<3"


class Endless:
    def __init__(self, players, sides, seed):
        self.players = players

    def next(self, results):
        number = len(results)
        return [Pairing(f"{number + one}", tuple(self.players[:2]), one, 1) for one in range(2000)]

    def standing(self, results):
        return []


class Forgetful(RoundRobin):
    def next(self, results):
        due = super().next(results)
        self.asked = getattr(self, "asked", 0) + 1
        return due[:1] if due and self.asked > 1 else due and due[:2]


class Repeating(RoundRobin):
    def next(self, results):
        return super().next([])


class Alphabet:
    def fit(self, results):
        players = {player for result in results for player in result.players}
        return {player: Rating.around(-ord(player[0]) if player != "strong" else 0, 1.0, 1) for player in players}


class Undecided:
    def fit(self, results):
        return {p: Rating.around(s + np.random.uniform(0, 0.1), 1.0, 1) for p, s in wins(results).items()}


class Ghosts:
    def fit(self, results):
        return {p: Rating.around(s, 1.0, 1) for p, s in (wins(results) or {"nobody": 0.0}).items()}


def wins(results):
    won = {}
    for result in results:
        for player, score in zip(result.players, result.scores, strict=True):
            won[player] = won.get(player, 0.0) + score
    return won


class Upside:
    def fit(self, results):
        sums = {}
        for result in results:
            for player, score in zip(result.players, result.scores, strict=True):
                sums[player] = sums.get(player, 0) - score
        return {player: Rating.around(value, 1.0, 1) for player, value in sums.items()}


class Half:
    def __call__(self, payoffs):
        return [np.full(n, 0.5) for n in payoffs.sizes]


class Source:  # the truth, where players 0 plays at random and 1 always the first action
    matches = 0

    def __init__(self, services):
        self.kuhn = services.env.name.endswith("kuhn_poker")

    def fill(self, asked):
        for number, one in enumerate(asked):
            yield [PayoffRow(one.pairing, one.before, EXACT, self.pays(one, number, len(asked)), (0.0, 0.0))]

    def pays(self, one, number, count):
        value = 1 / 8 if self.kuhn and one.pairing[0] == 0 and one.pairing[1] == 2 else 0.0
        return (value, -value)


class Optimist(Source):
    def pays(self, one, number, count):
        return (0.5, -0.5) if self.kuhn else (0.0, 0.0)


class Generous(Source):
    def pays(self, one, number, count):
        return (0.125, 0.125)


class Ordered(Source):
    def pays(self, one, number, count):
        return (0.125 + number, -0.125 - number)


class Crowded(Source):
    def pays(self, one, number, count):
        return (0.125 + count, -0.125 - count)


class Guessing(Source):
    def pays(self, one, number, count):
        value = float(np.random.uniform())
        return (value, -value)


class Partial(Source):
    def pays(self, one, number, count):
        value = 0.125 if self.kuhn else float(one.pairing[0] != one.pairing[1])
        return (value, -value)


class Echo(Source):
    matches = 100

    def fill(self, asked):
        for one in asked:
            value = 1 / 8 if self.kuhn else 0.0
            yield [PayoffRow(one.pairing, one.before, one.count, (value, -value), (9.0, 9.0))]


class Nothing(NoSandbox):
    tier = 2


class Lax(NoSandbox):
    tier = 1

    def start(self, command, folder, limits, log):
        child = super().start(command, folder, limits, log)
        child._slay = child._process.kill  # its children are nobody's business
        return child


class Patient(NoSandbox):
    def run(self, command, folder, limits, seconds, stdin=None, log=None, most=1 << 20):
        done = super().run(command, folder, limits, 1.0, stdin, log, most)
        return Finished(0, done.output, "over") if done.code is None else done


class Deaf(NoSandbox):
    def run(self, command, folder, limits, seconds, stdin=None, log=None, most=1 << 20):
        return Finished(0, b"", "exit code 0")


class Away(NoSandbox):
    def probe(self):
        return Probe(False, "it needs a moon")


class Even:
    def __init__(self, spec):
        self.heard = np.zeros(4)

    def weights(self):
        return 1 + self.heard

    def learn(self, tasks, returns):
        np.add.at(self.heard, tasks, returns)

    def save(self):
        return {"heard": self.heard.copy()}

    def load(self, saved):
        self.heard = np.array(saved["heard"])


class Startled(Even):
    def learn(self, tasks, returns):
        self.heard[tasks[0]] += returns.max()


class Lottery(Even):
    def learn(self, tasks, returns):
        self.heard += np.random.uniform(size=4)


class Selective(Even):
    rate = 1.0

    def learn(self, tasks, returns):
        np.add.at(self.heard, tasks, self.rate * returns)
        self.rate /= 2


class Forgets(Even):
    def load(self, saved):
        pass


class Tracker:
    def __init__(self, run, scenario):
        self.file = (run / "tracked").open("a")

    def log(self, event, step, **values):
        self.file.write(f"{event} {step} {values}")

    def close(self):
        self.file.close()


class Chatty(Tracker):
    def log(self, event, step, **values):
        print(event)


class Strict(Tracker):
    def log(self, event, step, **values):
        for value in values.values():
            float(value)


class Boastful:
    def __init__(self, spec, snapshot=None):
        self.shares = [0.9, 0.1]

    def memory(self, rows):
        return None

    def act(self, rows, memory, keys):
        action = rng.choose(keys, np.tile([0.6, 0.4], (len(rows), 1)))
        return Acts(action, np.log(np.array(self.shares))[action])


class Certain(Boastful):
    def __init__(self, spec, snapshot=None):
        self.shares = [1.0, 1.0]


class Moody(Boastful):
    def act(self, rows, memory, keys):
        return Acts(np.random.randint(0, 2, len(rows)), np.log(np.full(len(rows), 0.5)))


class Slow(Boastful):
    def act(self, rows, memory, keys):
        time.sleep(0.6)
        return Acts(np.zeros(len(rows), int), np.zeros(len(rows)))


class Learner:  # what it learns is how often it plays 0
    def share(self, job, services):
        return 0.9

    def train(self, job, services):
        if len(job.sides) > 1:
            raise UserError("not against itself")
        share = np.array([self.share(job, services)])
        return Trained(Snapshot("trial_faults/coin", {"share": share}), Checkpoint({"share": share}))


class Whimsical(Learner):
    def share(self, job, services):
        return float(np.random.uniform())


class Amnesiac(Learner):
    def share(self, job, services):
        return 0.9 if job.parent is None else float(np.random.uniform())


class Hoarder(Learner):
    known = 0.0  # which is in no checkpoint

    def share(self, job, services):
        self.known += 0.01
        return 0.9 if job.parent is None else 0.85 + self.known


@dataclass
class Steps:
    env_steps: int = 64


class Sampling:
    """Plays a little, and learns how often it plays 0 from the seed and from its own rows."""

    def __init__(self, params=None):
        pass

    def seed(self, job):
        return job.seed

    def rows(self, job, services):
        game, rows = services.environment(8), []
        turn = game.reset(np.arange(8), rng.mix(job.seed, np.arange(8)))
        for _ in range(16):
            acting = [None if rows is None else rows.agent for rows in turn]
            rows += [agent for agents in acting if agents is not None for agent in agents.tolist()]
            done = game.step(np.arange(8), [None if r is None else self.any(r) for r in turn])
            if done.done.any():
                break
            turn = done.turn
        mine = services.spec.sides[job.side]
        return [row for row in rows if row in mine]

    def any(self, rows):
        return np.argmax(rows.mask, axis=1) if rows.mask is not None else np.zeros(len(rows), int)

    def train(self, job, services):
        if len(job.sides) > 1:
            raise UserError("not against itself")
        rows = self.rows(job, services)
        share = np.array([0.9 + 0.05 * float(rng.uniform(rng.mix(self.seed(job)))[0]) + self.of(rows)])
        return Trained(Snapshot("trial_faults/coin", {"share": share}), Checkpoint({"share": share}))

    def of(self, rows):
        return 0.0 if not rows else 0.001 * max(rows)


class Fixed(Sampling):
    def seed(self, job):
        return 1


class Famished(Sampling):
    def of(self, rows):
        return 0.001 * max(rows)


class Blind(Sampling):
    def train(self, job, services):
        trained = super().train(job, services)
        return Trained(Snapshot("trial_faults/rash", trained.snapshot.arrays), trained.checkpoint)


class Idle(Learner):
    def share(self, job, services):
        return 0.2


class Illegal(Learner):
    def share(self, job, services):
        return -1.0


class Rude(Learner):
    def train(self, job, services):
        return "nothing"


class Coin:
    def __init__(self, spec, snapshot=None):
        self.share = 0.5 if snapshot is None else float(snapshot.arrays["share"][0])

    def memory(self, rows):
        return None

    def seen(self, rows):
        return rows.mask

    def act(self, rows, memory, keys):
        if self.share < 0:
            return Acts(np.full(len(rows), 7), np.zeros(len(rows)))
        mask = np.ones((len(rows), 2), bool) if rows.mask is None else self.seen(rows)
        chances = np.where(mask, [self.share, *[1 - self.share] * (mask.shape[1] - 1)], 0.0)
        chances /= chances.sum(axis=1, keepdims=True)
        action = rng.choose(keys, chances)
        return Acts(action, np.log(chances[np.arange(len(rows)), action]))


class Rash(Coin):
    def seen(self, rows):
        return np.ones_like(rows.mask)


class Stubborn:  # counts for itself how often it was asked
    def __init__(self, registry):
        self.registry, self.asked = registry, 0

    def founders(self, spec):
        return founders_of(Component("marl/random"), spec, self.registry)

    def next(self, view, running):
        if running:
            return []
        self.asked += 1
        side = 0 if self.asked < 4 else 1
        mixtures = [tuple((p.snapshot, 1 / len(players)) for p in players) for players in view.populations]
        opponents = tuple(() if other == side else mixture for other, mixture in enumerate(mixtures))
        return [Order(Job("league/best_response", side, opponents, seed=self.asked), view.sides[side], keep="always")]

    def mixtures(self, view):
        return [(1 / len(players),) * len(players) for players in view.populations]


class Lopsided(Stubborn):
    def mixtures(self, view):
        return [(1.0,) * len(players) for players in view.populations]


def _all(*names):
    return [Descriptor(name.lower(), f"trial_faults:{name}", "breaks a promise") for name in names]


@hookimpl
def league_payoff_sources():
    return _all("Source", "Optimist", "Generous", "Ordered", "Crowded", "Guessing", "Partial", "Echo")


@hookimpl
def league_sandboxes():
    return _all("Nothing", "Lax", "Patient", "Deaf", "Away")


@hookimpl
def marl_curricula():
    return _all("Even", "Startled", "Lottery", "Selective", "Forgets")


@hookimpl
def marl_sinks():
    return _all("Tracker", "Chatty", "Strict")


@hookimpl
def league_schedules():
    return _all("Endless", "Forgetful", "Repeating")


@hookimpl
def league_ratings():
    return _all("Upside", "Alphabet", "Undecided", "Ghosts")


@hookimpl
def league_metasolvers():
    return _all("Half")


@hookimpl
def marl_policies():
    return _all("Boastful", "Certain", "Moody", "Coin", "Rash", "Slow")


@hookimpl
def marl_algorithms():
    sampling = [replace(one, params=Steps) for one in _all("Sampling", "Fixed", "Famished", "Blind")]
    return _all("Learner", "Whimsical", "Amnesiac", "Hoarder", "Idle", "Illegal", "Rude") + sampling


@hookimpl
def league_strategies():
    return _all("Stubborn", "Lopsided")
