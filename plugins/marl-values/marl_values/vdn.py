"""VDN: a team's value is the sum of its agents' values.

Source: Sunehag et al., "Value-decomposition networks for cooperative multi-agent learning", 2017, section 3.
"""

from __future__ import annotations

from dataclasses import dataclass

from marl_values.learner import ValueDecomposition, ValuesLearner, ValuesParams


@dataclass(kw_only=True)
class VDNParams(ValuesParams):
    """Hyper-parameters of VDN."""


class VDNLearner(ValuesLearner):
    """Without a mixer, values are added up."""


class VDN(ValueDecomposition):
    """See `VDNParams`."""

    parameters = VDNParams
    learner = VDNLearner
