"""Bad parameters are sentences."""

from __future__ import annotations

import pytest

from marl.errors import UserError
from marl_openspiel import games, sight
from marl_openspiel.params import AnyGameParams, GameParams


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("conect_four", {}, "did you mean 'connect_four'"),
        (
            "kuhn_poker",
            {"playrs": 3},
            r"no parameter 'playrs'; did you mean 'players'\? It takes players \(whole number\)",
        ),
        ("tic_tac_toe", {"size": 3}, "no parameter 'size'; it takes none at all"),
        ("kuhn_poker", {"players": "3"}, "is a whole number, not the text '3'; its default is 2"),
        ("goofspiel", {"imp_info": 1}, "is a boolean, not the whole number 1"),
        ("kuhn_poker", {"players": 99}, "cannot load the game 'kuhn_poker': it must hold that num_players_ <="),
        ("goofspiel", {"num_cards": -5}, "has no players, actions, length or observation"),
        ("hex", {"board_size": -3}, "has no players, actions, length or observation"),
        ("liars_dice", {"numdice": 0}, "cannot load the game 'liars_dice'"),
        ("efg_game", {"filename": "/no/such/file"}, "cannot load the game 'efg_game'"),
        ("misere", {}, "Missing parameter game"),
        ("crossword", {}, "its actions are structures"),
        ("mfg_garnet", {}, "is a mean-field game"),
    ],
)
def test_bad_parameters(name, parameters, message):
    with pytest.raises(UserError, match=message):
        games.make(name, lanes=1, params=GameParams(parameters=parameters))


@pytest.mark.parametrize(
    ("game", "message"),
    [
        ("conect_four", "did you mean 'connect_four'"),
        ("kuhn_poker(players=3", "Missing closing bracket"),
        ("kuhn_poker(foo=1)", "Unknown parameter 'foo'"),
        ("misere(game=tarok())", "cannot load the game 'misere"),
        ("", "OpenSpiel has no game ''"),
    ],
)
def test_bad_game_strings(game, message):
    with pytest.raises(UserError, match=message):
        games.any_game(lanes=1, params=AnyGameParams(game=game))


def test_whole_numbers_are_numbers():
    assert games.make("deep_sea", lanes=1, params=GameParams(parameters={"unscaled_move_cost": 0})).spec.agents == (
        "player_0",
    )


def test_games_within_games():
    nested = games.make("misere", lanes=1, params=GameParams(parameters={"game": {"name": "tic_tac_toe"}}))
    assert str(nested.game) == str(
        games.any_game(lanes=1, params=AnyGameParams(game="misere(game=tic_tac_toe())")).game
    )


def test_games_written_in_python():
    assert games.any_game(lanes=1, params=AnyGameParams(game="python_kuhn_poker")).spec.returns == (-2.0, 2.0)


@pytest.mark.parametrize(
    ("name", "parameters", "chosen"),
    [
        ("kuhn_poker", {}, "information_state"),
        ("connect_four", {}, "observation"),
        ("goofspiel", {}, "observation"),
        ("goofspiel", {"imp_info": True}, "information_state"),
        ("gin_rummy", {}, "observation"),
        ("coin_game", {}, "observation_text"),
        ("tarok", {}, "information_state_text"),
    ],
)
def test_auto_shows_what_the_game_needs(name, parameters, chosen):
    assert games.make(name, lanes=1, params=GameParams(parameters=parameters)).sight.name == chosen


def test_unknown_and_missing_observations():
    with pytest.raises(UserError, match="unknown observation 'informtion_state'; did you mean 'information_state'"):
        games.make("kuhn_poker", lanes=1, params=GameParams(observation="informtion_state"))
    with pytest.raises(UserError, match="does not offer observation 'information_state'; it offers observation, "):
        games.make("chess", lanes=1, params=GameParams(observation="information_state"))


def test_long_texts_keep_their_end_and_stay_different():
    one, other = "a" * 2000 + "end", "b" + "a" * 1999 + "end"
    first, second = sight.text_bytes(one), sight.text_bytes(other)
    assert len(first) == len(second) == sight.WIDTH
    assert first != second and first[16:] == second[16:] and first.endswith(b"end")
    assert sight.text_bytes("x") == b"x" + bytes(sight.WIDTH - 1)
