"""The parts of a page that are words: how to read it, how to run it again, and the scenario."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marl.page.figure import section
from marl.page.text import escape, exact


def reading_section(items: Iterable[tuple[str, str]]) -> str:
    """How to read this: a paragraph (HTML) for each name."""
    listed = "".join(f"<dt>{escape(name)}</dt><dd>{text}</dd>" for name, text in items)
    return section("reading", "How to read this", f'<dl class="reading">{listed}</dl>')


def again_section(commands: Iterable[tuple[str, str]], scenario: str, more: str = "") -> str:
    """The commands that go on from here, each with what it does, the resolved scenario, and `more` HTML."""
    lines = "".join(f"<div><code>{escape(command)}</code><span>{escape(why)}</span></div>" for command, why in commands)
    shown = (
        f"<details open><summary>The resolved scenario</summary><pre>{escape(scenario.strip())}</pre></details>"
        if scenario.strip()
        else "<p>The scenario's text was not kept with this run.</p>"
    )
    hint = "From the directory that holds <code>runs/</code>:"
    return section("again", "Run it again", f'<p>{hint}</p><div class="commands">{lines}</div>{shown}{more}')


def folded(summary: str, metrics: Mapping[str, float]) -> str:
    """Named numbers as a table that opens when it is asked for; nothing where there are none."""
    if not metrics:
        return ""
    rows = "".join(f'<tr><td class="word">{escape(k)}</td><td>{exact(v)}</td></tr>' for k, v in metrics.items())
    return f"<details><summary>{escape(summary)}</summary><table><tbody>{rows}</tbody></table></details>"
