"""Seeds that can be checked afterwards, ids that cannot be guessed, clocks that add up."""

from __future__ import annotations

import hashlib

import pytest

from league.referee.clocks import Clocks, Spent
from league.referee.fairness import Nonces, commit, match_seed, new_secret, reveal, verify
from marl.errors import UserError


def test_a_commitment_is_kept():
    secret = new_secret()
    assert commit(b"abc") == hashlib.sha256(b"abc").hexdigest()
    assert verify(reveal(secret), commit(secret)) == secret
    with pytest.raises(UserError, match="not the one that the host committed to"):
        verify(reveal(new_secret()), commit(secret))
    with pytest.raises(UserError, match="hexadecimal"):
        verify("not hex", commit(secret))


def test_seeds_follow_from_secret_and_name():
    assert match_seed(b"secret", "round 1") == match_seed(b"secret", "round 1") == 16278634109903430638
    assert match_seed(b"secret", "round 2") != match_seed(b"secret", "round 1") != match_seed(b"Secret", "round 1")
    assert all(0 <= match_seed(new_secret(), str(n)) < 1 << 64 for n in range(100))


def test_ids_never_repeat():
    ids = [
        each.next() for each in (Nonces(b"s", "m", 0), Nonces(b"s", "m", 1), Nonces(b"s", "n", 0)) for _ in range(300)
    ]
    assert len(set(ids)) == 900 and all(len(id) == 16 for id in ids)
    again = Nonces(b"s", "m", 0)
    assert [again.next() for _ in range(300)] == ids[:300]


def test_what_a_move_costs():
    clocks, spent = Clocks(move=1, bank=5, increment=0.5), Spent(5)
    assert spent.book(clocks, 0.9) and spent.bank == 5.5
    assert spent.book(clocks, 3.0) and spent.bank == 4.0
    assert spent.book(clocks, 5.0) and spent.bank == 0.5
    assert not spent.book(clocks, 1.6) and spent.bank == 0
    assert (spent.moves, spent.worst) == (4, 5.0) and spent.total == pytest.approx(10.5)


def test_impossible_clocks_are_refused():
    with pytest.raises(ValueError, match="at least 0"):
        Clocks(move=-1)
    with pytest.raises(ValueError, match="some time"):
        Clocks(move=0)
    with pytest.raises(ValueError, match="some time"):
        Clocks(start=0)
