"""The HTML around every figure and section."""

from __future__ import annotations

from marl.page.text import escape


def svg(body: str, width: float, height: float, label: str) -> str:
    """A drawing that scales with the page; `label` is what a screen reader says."""
    return (
        f'<div class="drawing"><svg viewBox="0 0 {width:g} {height:g}" style="--wide:{width:g}px" role="img" '
        f'aria-label="{escape(label)}">{body}</svg></div>'
    )


def figure(drawing: str, data: str, caption: str = "", *, hidden: bool = False, name: str = "") -> str:
    """A drawing that answers to pointer and arrow keys. `data` is its JSON block; `caption` is HTML."""
    note = f"<figcaption>{caption}</figcaption>" if caption else ""
    state = ' data-alternative="hidden"' if hidden else ""
    return f'<figure tabindex="0" data-name="{escape(name)}"{state}>{drawing}{data}{note}</figure>'


def section(anchor: str, title: str, body: str, lead: str = "") -> str:
    """One card of the page; `body` and `lead` are HTML."""
    intro = f'<p class="lead">{lead}</p>' if lead else ""
    return f'<section id="{anchor}"><h2>{escape(title)}</h2>{intro}{body}</section>'


def absent(reason: str) -> str:
    """What stands where a figure cannot: why not. `reason` is HTML."""
    return f'<p class="absent">{reason}</p>'


def switch(group: str, choices: list[str], legend: str) -> str:
    """Buttons that choose which figure of a group is shown; the script wires them, and without it all are shown."""
    buttons = "".join(
        f'<button type="button" data-show="{escape(choice)}" aria-pressed="{"true" if index == 0 else "false"}">'
        f"{escape(choice)}</button>"
        for index, choice in enumerate(choices)
    )
    return (
        f'<div class="switch" role="group" aria-label="{escape(legend)}" data-group="{escape(group)}">{buttons}</div>'
    )
