"""Sections that plugins add to reports: each is there or says why not, and none costs another."""

from __future__ import annotations

from pathlib import Path

from marl.page.sections import sections_of

GOOD = """
    @hookimpl
    def marl_report_sections():
        yield Descriptor("weather", "good_module:weather", "what the weather was")
        yield Descriptor("nothing", "good_module:nothing", "nothing to say")

    def weather(run):
        return f'<section id="weather">{(run / "weather.txt").read_text()}</section>'

    def nothing(run):
        return ""
"""
BAD = """
    @hookimpl
    def marl_report_sections():
        yield Descriptor("none", "bad_module:none", "gives None")
        yield Descriptor("raises", "bad_module:raises", "raises")

    def none(run):
        pass

    def raises(run):
        return 1 / len("<b>") * {}["<b>"]
"""


def test_a_section_is_there_and_one_that_fails_is_told_in_its_place(install, fresh, tmp_path: Path) -> None:
    install("good", GOOD)
    install("bad", BAD)
    (tmp_path / "weather.txt").write_text("rain")
    page = sections_of(tmp_path, fresh())
    assert '<section id="weather">rain</section>' in page
    assert "bad/none: missing" in page and "gave nothing (None)" in page
    assert "bad/raises: missing" in page and "KeyError" in page and "<b>" not in page
    (tmp_path / "weather.txt").unlink()
    assert "good/weather: missing" in sections_of(tmp_path, fresh()) and "good/nothing" not in page
