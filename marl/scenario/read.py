"""Reading YAML: a mapping and the lines that its keys stand on, or a sentence about what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from marl.errors import UserError
from marl.registry.params import join


def read(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    """The mapping in a YAML file, not yet interpolated, and the line (from 1) of each key path (`env.players`).

    Raises UserError, naming file and line.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path} cannot be read as text: {error}") from None
    try:
        root = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or str(error)
        raise UserError(f"{path}{where}: this is not YAML: {problem}") from None
    if not isinstance(root, yaml.MappingNode):
        what = "it is empty" if root is None else f"line {root.start_mark.line + 1} begins something else"
        raise UserError(f"{path}: a scenario is a mapping of keys to values, beginning with 'kind:', and {what}")
    lines: dict[str, int] = {}
    _note_lines(root, "", lines)
    return _container(path), lines


def parse_value(text: str) -> Any:
    """The value of a `key=value` override, read as YAML. Raises ValueError with a sentence."""
    try:
        return OmegaConf.to_container(OmegaConf.from_dotlist([f"value={text}"]))["value"]  # type: ignore[index,call-overload]
    except (yaml.YAMLError, OmegaConfBaseException) as error:
        raise ValueError(getattr(error, "problem", None) or str(error).splitlines()[0]) from None


def interpolated(raw: dict[str, Any], place: Callable[[str], str]) -> dict[str, Any]:
    """`raw` with every `${...}` replaced by what it stands for. Raises UserError, naming the key and its `place`."""
    try:
        result = OmegaConf.to_container(OmegaConf.create(raw), resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        key = str(getattr(error, "full_key", None) or "")
        unset = re.search(r"Environment variable '(.*?)' not found", str(error))
        what = f"the environment variable {unset[1]!r} is not set" if unset else str(error).splitlines()[0]
        raise UserError(f"{place(key)}: {key or 'a value'}: {what}") from None
    assert isinstance(result, dict)
    return {str(key): value for key, value in result.items()}


def _container(path: Path) -> dict[str, Any]:
    try:
        result = OmegaConf.to_container(OmegaConf.load(path))
    except (yaml.YAMLError, OmegaConfBaseException, OSError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f", line {mark.line + 1}" if mark else ""
        raise UserError(f"{path}{where}: {getattr(error, 'problem', None) or str(error).splitlines()[0]}") from None
    assert isinstance(result, dict)
    return {str(key): value for key, value in result.items()}


def _note_lines(node: yaml.Node, where: str, lines: dict[str, int]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            path = join(where, str(key.value))
            lines[path] = key.start_mark.line + 1
            _note_lines(value, path, lines)
    elif isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            path = join(where, index)
            lines[path] = item.start_mark.line + 1
            _note_lines(item, path, lines)
