"""A drawer that is asked with care: what it gives can be shown to strangers, and where it fails the match is drawn all
the same, by the environment itself."""

from __future__ import annotations

from typing import Any

from marl.drawer import Drawer
from marl.drawers.svg import harmless
from marl.env import Environment, Frame
from marl.errors import RunError, UserError
from marl.printable import printable
from marl.registry import DRAWERS, Component, Registry, blamed, wrong
from marl.registry.guard import did, limit, watched

LARGEST = 1 << 18  # letters of a picture
_SHARE = 6  # of the time that a plugin has, a picture may take one
_RIGHT = f"a marl.env.Frame of some text and of SVG (or ''), each at most {LARGEST:,} letters"
_CALL = "render(lane)"


class Drawn:
    """The drawer that `component` names, of `environment`; a `Drawer` itself.

    `problem`: why it does not draw, or "". It is never raised: from then on the environment draws itself. `refuses`: it
    does not draw this environment, by its own account.
    """

    def __init__(self, component: Component, environment: Environment, registry: Registry) -> None:
        self.environment, self.problem, self.refuses = environment, "", False
        self._component, self._registry = component, registry
        self._subject = self._plugin = component.name
        self._drawer: Drawer = environment
        self.begin()

    def begin(self) -> Drawn:
        """Another match begins: a drawer of its own for it. Itself."""
        if self.problem:
            return self
        name, params = self._component.name, self._component.params
        try:
            self._plugin = self._registry.find(DRAWERS, name).plugin
            self._subject = self._registry.describe(DRAWERS, name)
            with watched(self._plugin, limit() / _SHARE):
                self._drawer = self._registry.make(DRAWERS, name, params, environment=self.environment)
        except BaseException as error:
            self.refuses = isinstance(error, UserError)
            self._fail(error)
        return self

    def render(self, lane: int) -> Frame:
        """See `Drawer`."""
        if not self.problem:
            try:
                return self.asked(lane)
            except BaseException as error:
                self._fail(error)
        return self.environment.render(lane)

    def asked(self, lane: int) -> Frame:
        """What the drawer gives, checked. Raises RunError, naming the plugin, for what cannot be shown."""
        with watched(self._plugin, limit() / _SHARE), blamed(self._subject, _CALL, _RIGHT):
            given: Any = self._drawer.render(lane)
        if not isinstance(given, Frame) or not all(isinstance(part, str) for part in given):
            raise wrong(self._subject, _CALL, given, _RIGHT)
        if (size := max(map(len, given))) > LARGEST:
            raise RunError(f"{self._subject} gave a picture of {size:,} letters from {_CALL}: {_RIGHT} would be right")
        if not given.text.strip():
            raise RunError(f"{self._subject} gave no text from {_CALL}: {_RIGHT} would be right")
        try:
            return Frame(printable(given.text, lines=True), harmless(given.svg) if given.svg else "")
        except ValueError as error:
            raise RunError(
                f"{self._subject} gave a picture that cannot be shown from {_CALL}: the SVG {error}"
            ) from None

    def _fail(self, error: BaseException) -> None:
        said = str(error) if isinstance(error, UserError | RunError) else f"{self._subject} {did(error)}"
        self.problem = f"not drawn by {self._subject}: {said.removeprefix(f'{self._subject} ')}"
