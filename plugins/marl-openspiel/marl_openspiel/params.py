"""The parameters of the environments, and loading games from them with errors that a person can act on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pyspiel

from marl.errors import UserError, suggestion
from marl_openspiel.catalogue import UNSUPPORTED
from marl_openspiel.match import begin, samples_itself


@dataclass
class GameParams:
    """Parameters of one game.

    `parameters`: the game's own, such as `{num_cards: 4, imp_info: true}`; what is left out has OpenSpiel's default.
    `observation`: "auto", "information_state", "observation", "information_state_text" or "observation_text"; see
    `marl_openspiel.sight`.
    """

    parameters: dict[str, Any] = field(default_factory=dict)
    observation: str = "auto"


@dataclass
class AnyGameParams:
    """`game`: an OpenSpiel game string; `observation`: see `GameParams`."""

    game: str = "tic_tac_toe()"
    observation: str = "auto"


def load(name: str, parameters: Mapping[str, Any]) -> Any:
    """The OpenSpiel game of this name and parameters (a `pyspiel.Game`); raises UserError."""
    known = {kind.short_name: kind for kind in pyspiel.registered_games()}
    if name not in known:
        raise UserError(f"OpenSpiel has no game {name!r}{suggestion(name, known)}")
    checked = _checked(name, dict(parameters), known[name].parameter_specification)
    return _started(name, lambda: pyspiel.load_game(name, checked))


def load_string(game: str) -> Any:
    """The OpenSpiel game of a game string (a `pyspiel.Game`); raises UserError."""
    name = game.split("(", 1)[0].strip()
    known = pyspiel.registered_names()
    if name.startswith("python_"):
        import open_spiel.python.games  # noqa: F401  (registers the games written in Python)

        known = pyspiel.registered_names()
    if name not in known:
        raise UserError(f"OpenSpiel has no game {name!r}{suggestion(name, known)}")
    return _started(game, lambda: pyspiel.load_game(game))


def _checked(name: str, parameters: dict[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters in OpenSpiel's types."""
    for key, value in parameters.items():
        if key not in known:
            types = ", ".join(f"{each} ({_kind(default)})" for each, default in sorted(known.items())) or "none at all"
            close = suggestion(key, known)
            hint = f"{close} It" if "did you mean" in close else "; it"
            raise UserError(f"OpenSpiel's game {name!r} has no parameter {key!r}{hint} takes {types}")
        wanted = type(known[key])
        if wanted is float and type(value) is int:
            parameters[key] = float(value)
        elif type(value) is not wanted:
            raise UserError(
                f"parameter {key!r} of OpenSpiel's game {name!r} is a {_kind(known[key])}, "
                f"not the {_kind(value)} {value!r}; its default is {known[key]!r}"
            )
    return parameters


def _kind(value: Any) -> str:
    names = {bool: "boolean", int: "whole number", float: "number", str: "text", dict: "game"}
    return names.get(type(value), type(value).__name__)


def _started(name: str, make: Callable[[], Any]) -> Any:
    """The game, once it has shown that it can begin and that marl can play it.

    Its sizes come first: with senseless ones OpenSpiel writes where it should not, and takes the process along.
    """
    try:
        game = make()
    except Exception as error:  # SpielError, and whatever else C++ throws
        raise _refused(name, error) from error
    kind = game.get_type()
    if kind.short_name in UNSUPPORTED:
        raise UserError(f"OpenSpiel's game {kind.short_name!r} cannot be played here: {UNSUPPORTED[kind.short_name]}")
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise UserError(f"{name!r} is a mean-field game, and those are not environments; see the plugin marl-meanfield")
    if samples_itself(game) and "rng_seed" not in kind.parameter_specification:
        raise UserError(
            f"OpenSpiel's game {name!r} draws its chance itself and takes no seed, so no match could be repeated"
        )
    try:
        if min(_sizes(game)) < 1:
            raise UserError(
                f"OpenSpiel's game {name!r} has no players, actions, length or observation with these parameters"
            )
        begin(game, 0)
    except UserError:
        raise
    except Exception as error:
        raise _refused(name, error) from error
    return game


def _refused(name: str, error: Exception) -> UserError:
    reason = re.sub(r"^/\S+:\d+ ", "it must hold that ", str(error).strip().split("\n")[0])
    return UserError(f"OpenSpiel cannot load the game {name!r}: {reason}")


def _sizes(game: Any) -> list[int]:
    """Everything that must be positive."""
    kind = game.get_type()
    information = game.information_state_tensor_shape() if kind.provides_information_state_tensor else []
    observation = game.observation_tensor_shape() if kind.provides_observation_tensor else []
    return [game.num_players(), game.num_distinct_actions(), game.max_game_length(), *information, *observation]
