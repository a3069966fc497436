"""References to the environment that stand for secrets: `ledger: ${oc.env:CUP_DATABASE}`.

What a reference stands for is written down with a run, so that the run is the same tomorrow; but a password is not.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

from marl.mask import holds_password, mask

Keys: TypeAlias = tuple[str | int, ...]  # the way to a value: keys of mappings, and numbers of list entries


def references(raw: Any, value: Any, keys: Keys = ()) -> Iterator[tuple[Keys, str]]:
    """Where the texts in `raw` became addresses with passwords in `value`, and these texts."""
    if isinstance(raw, str):
        if _secret(value):
            yield keys, raw
    elif isinstance(raw, dict) and isinstance(value, dict):
        for key, inner in raw.items():
            if str(key) in value or key in value:
                yield from references(inner, value.get(str(key), value.get(key)), (*keys, key))
    elif isinstance(raw, list) and isinstance(value, list):
        for number, (inner, item) in enumerate(zip(raw, value, strict=True)):
            yield from references(inner, item, (*keys, number))


def put(tree: Any, keys: Keys, text: str) -> None:
    """Put a text at a place of nested mappings and lists."""
    *above, last = keys
    for key in above:
        tree = tree[key]
    tree[last] = text


def masked(value: Any) -> Any:
    """Plain values, with the passwords of addresses masked."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, dict):
        return {key: masked(inner) for key, inner in value.items()}
    return [masked(item) for item in value] if isinstance(value, list) else value


def _secret(value: Any) -> bool:
    """Whether there is an address with a password in it."""
    if isinstance(value, str):
        return holds_password(value)
    if isinstance(value, dict):
        value = list(value.values())
    return isinstance(value, list) and any(map(_secret, value))
