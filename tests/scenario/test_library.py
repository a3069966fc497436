"""Every scenario that comes with marl has a name, a summary, and loads where its plugins are installed."""

from __future__ import annotations

import pytest

from marl.errors import UserError, suggestion
from marl.scenario import available, locate


def test_scenarios_are_found_by_name():
    for name, path in available().items():
        assert path.is_file() and locate(name) == path
        assert path.read_text().startswith("# "), f"{path} begins with a comment that says what it is"


def test_a_close_name_is_offered():
    names = sorted(available())
    if not names:
        pytest.skip("no scenario comes with this marl")
    with pytest.raises(UserError) as caught:
        locate(names[0] + "x")
    assert suggestion(names[0] + "x", names) in str(caught.value)
