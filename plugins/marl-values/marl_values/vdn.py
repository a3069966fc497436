"""VDN: a team's value is the sum of its agents' values.

Source: Sunehag et al., "Value-decomposition networks for cooperative multi-agent learning", 2017, section 3.
"""

from __future__ import annotations

from marl_values.learner import ValueDecomposition, ValuesLearner
from marl_values.params import VDNParams


class VDNLearner(ValuesLearner):
    """Without a mixer, values are added up."""


class VDN(ValueDecomposition):
    """See `VDNParams`."""

    parameters = VDNParams
    learner = VDNLearner
