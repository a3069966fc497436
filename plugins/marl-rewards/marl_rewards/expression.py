"""Small expressions over what a row shows: `-abs(observation[2])`, `sum(observation.board) + info.hits`.

- `observation` is what the agent sees, `observation.NAME` a field of it where it has fields, and `info.NAME` a column
  of the environment. `[i]` and `[i, j]` pick entries of one row.
- `+ - * / **`, numbers, brackets, and the functions `abs sqrt exp log tanh minimum maximum sum`, where `sum` adds up
  all entries of a row.

Nothing else: an expression is read, never run as Python. All rows are computed at once.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from marl.errors import suggestion
from marl.types import Array, ArrayTree, Floats

_OPERATORS: dict[type, Callable[..., Any]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
_FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{name: getattr(np, name) for name in ("abs", "sqrt", "exp", "log", "tanh", "minimum", "maximum")},
    "sum": lambda rows: rows.reshape(len(rows), -1).sum(axis=1),
}


class Expression:
    """A number for each row. Raises ValueError for a text that is none, and for columns that are not `known`."""

    def __init__(self, text: str, known: Sequence[str]) -> None:
        self.text = text
        try:
            self._root = ast.parse(text.strip(), mode="eval").body
        except SyntaxError as error:
            raise ValueError(f"{text!r} is not an expression: {error.msg}") from None
        nodes = [node for node in ast.walk(self._root) if isinstance(node, ast.Attribute)]
        names = [node.attr for node in nodes if isinstance(node.value, ast.Name) and node.value.id == "info"]
        self.columns = tuple(dict.fromkeys(names))
        for name in self.columns:
            if name not in known:
                raise ValueError(f"{text!r}: the environment has no column {name!r}{suggestion(name, known)}")

    def __call__(self, observation: ArrayTree, info: Mapping[str, Array], rows: int) -> Floats:
        """Its value for each of K `rows`, `float64[K]`. Raises ValueError where it does not fit what they show."""
        shown = {"observation": observation, "info": dict(info)}
        try:
            with np.errstate(all="ignore"):  # what is not finite is told, with its row, where rewards are added up
                value = np.asarray(self._value(self._root, shown), dtype=np.float64)
        except (IndexError, KeyError, TypeError) as error:
            raise ValueError(f"{self.text!r} does not fit what a row shows: {error}") from None
        if value.shape not in ((), (rows,)):
            raise ValueError(f"{self.text!r} gives {list(value.shape[1:])} numbers a row: pick one, as in `...[0]`")
        return np.broadcast_to(value, rows).copy()

    def _value(self, node: ast.AST, shown: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return number
            case ast.Name(id="observation" | "info" as name):
                return shown[name]
            case ast.Attribute(value=of, attr=name):
                return self._field(self._value(of, shown), name)
            case ast.Subscript(value=of, slice=index):
                return np.asarray(self._value(of, shown), dtype=np.float64)[(slice(None), *self._indices(index))]
            case ast.UnaryOp(op=op, operand=one) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](self._number(one, shown))
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
                return _OPERATORS[type(op)](self._number(left, shown), self._number(right, shown))
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in _FUNCTIONS:
                return _FUNCTIONS[name](*(self._number(argument, shown) for argument in arguments))
        raise ValueError(
            f"{self.text!r}: {ast.unparse(node)!r} is nothing that an expression has: observation, info, "
            f"numbers, + - * / **, {', '.join(_FUNCTIONS)}"
        )

    def _number(self, node: ast.AST, shown: Mapping[str, Any]) -> Array:
        """A value to compute with, as `float64`."""
        return np.asarray(self._value(node, shown), dtype=np.float64)

    def _field(self, tree: Any, name: str) -> Any:
        if not isinstance(tree, dict):
            raise ValueError(f"{self.text!r}: what a row shows there has no fields, so it has no {name!r}; use [i]")
        if name not in tree:
            raise ValueError(f"{self.text!r}: there is no field {name!r}{suggestion(name, tree)}")
        return tree[name]

    def _indices(self, node: ast.expr) -> tuple[int, ...]:
        try:
            value = ast.literal_eval(node)
        except ValueError:
            value = None
        indices = value if isinstance(value, tuple) else (value,)
        if not all(type(index) is int for index in indices):
            raise ValueError(
                f"{self.text!r}: [{ast.unparse(node)}] picks nothing: entries are numbers, as in [0] or [1, 2]"
            )
        return indices
