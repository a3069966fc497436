"""Ray, started when it is first needed and quietly; what we started is shut down again, what others started is not."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import threading
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

import ray

_QUIET = {
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else Ray warns of its own future
    "RAY_DEDUP_LOGS": "0",
    "RAY_TRAIN_ENABLE_V2_MIGRATION_WARNINGS": "0",
    "RAY_USAGE_STATS_ENABLED": "0",
    "TUNE_DISABLE_AUTO_CALLBACK_LOGGERS": "1",
}
_users: weakref.WeakSet[User] = weakref.WeakSet()
_ours = False


class User(Protocol):
    """What holds actors."""

    def close(self) -> None:
        """End them."""


def acquire(user: User) -> None:
    """Make sure that Ray runs: the cluster at RAY_ADDRESS, the session that this process has, or a new one here."""
    global _ours
    if _ours and not _users:  # all have gone without a word: what its processes know (paths, variables) may be old
        _end()
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    for logger in ("ray.rllib", "ray.train", "ray._common.deprecation"):
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    if not ray.is_initialized():
        address = os.environ.get("RAY_ADDRESS")
        asked_to_end = signal.getsignal(signal.SIGTERM)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            options = {"address": address} if address else {"num_cpus": 1, "include_dashboard": False}
            ray.init(**options, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True)
        if threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, asked_to_end)  # Ray takes it, and would end the process without a word
        _ours = True
        atexit.register(_close)  # after Ray's own, so it runs before it: RLlib's destructors must not start Ray again
    _users.add(user)


def release(user: User) -> None:
    """The last user of a session that `acquire` started ends it."""
    _users.discard(user)
    if not _users and _ours:
        _end()


def _end() -> None:
    global _ours
    _ours = False
    ray.shutdown()


class _Nobody:
    def close(self) -> None:
        """There is nothing to end."""


@contextmanager
def held() -> Iterator[None]:
    """One session throughout, also while nobody else uses it: for several backends, one after the other."""
    user = _Nobody()
    acquire(user)
    try:
        yield
    finally:
        release(user)


def cpus() -> int:
    """The CPUs that an actor reserves. None on this machine alone, which then runs as many actors as it is told to."""
    return 0 if _ours and not os.environ.get("RAY_ADDRESS") else 1


def _close() -> None:
    for user in list(_users):
        user.close()
