"""Passwords in database addresses: found, and masked wherever text is shown or stored."""

from __future__ import annotations

import re

MASK = "***"
_ADDRESS = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>[^\s'\"<>]+)")
_WHOLE = re.compile(r"\s*(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*://)(?P<rest>.*)", re.S)  # one that may hold a space
_KEYS = re.compile(
    r"(?P<key>[?&;](?:[\w-]*pass(?:word|wd|phrase)?|pwd|token|secret|api_?key)=)(?P<value>[^&;#\s]+)", re.IGNORECASE
)
_REFERENCE = re.compile(r"\$\{[^{}]*\}")


def mask(text: str) -> str:
    """The text with the password of every address in it replaced by `***`: `postgresql://ann:***@host/cup`.

    A reference in place of a password (`${oc.env:PASSWORD}`) stays: it tells nobody the password.
    """
    if "://" not in text:
        return text
    return (_WHOLE if _WHOLE.fullmatch(text) else _ADDRESS).sub(_masked, text)


def holds_password(text: str) -> bool:
    """Whether there is an address with a password in the text."""
    return mask(text) != text


def _masked(found: re.Match[str]) -> str:
    rest = found["rest"]
    account, at, place = rest.rpartition("@")  # the last one: a password may hold an @ or a slash of its own
    user, colon, password = account.partition(":")
    if at and colon and password and not _REFERENCE.fullmatch(password) and "/" not in user:
        rest = f"{user}:{MASK}@{place}"
    return found["scheme"] + _KEYS.sub(_masked_value, rest)


def _masked_value(found: re.Match[str]) -> str:
    return found[0] if _REFERENCE.fullmatch(found["value"]) else found["key"] + MASK
