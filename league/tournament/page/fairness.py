"""How anybody can check that chance was fair."""

from __future__ import annotations

import shlex

from league.tournament.standings import Standings
from marl.page.figure import section
from marl.page.text import escape


def fairness_section(standings: Standings) -> str:
    """The section of the page."""
    secret = (
        f"<dt>Secret</dt><dd><code>{escape(standings.secret)}</code></dd>"
        if standings.secret
        else "<dt>Secret</dt><dd>will be revealed when the event is over</dd>"
    )
    facts = f"<dt>Commitment</dt><dd><code>{escape(standings.commitment)}</code></dd>{secret}"
    words = (
        "<p>Before the first match the host published the commitment, which is the SHA-256 of a secret. The seed of "
        "every match is an HMAC of its number under that secret, so that neither a player nor the host could choose it "
        "afterwards. <em>Game pairs</em> have one seed, and the seats swapped.</p>"
    )
    command = f'<div class="commands"><div><code>marl tournament verify {escape(shlex.quote(standings.name))}</code>'
    return section(
        "fairness",
        "Fair chance",
        f'{words}<dl class="reading">{facts}</dl>{command}<span>checks all of it, and plays every match again</span>'
        "</div></div>",
    )
