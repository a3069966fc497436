from __future__ import annotations

from functools import partial

from marl.testing import conformance_tests
from marl_economy.labour.labour import Labour, LabourParams
from marl_economy.town.params import TownParams
from marl_economy.town.town import Town

TOWN = {"town": partial(Town, params=TownParams(workers=3, years=2, days=4, welfare="utility"))}
LABOUR = {"labour": partial(Labour, params=LabourParams(workers=3, years=2, days=2, cutoffs=[0.0, 3.0]))}

test_conformance = conformance_tests(TOWN, chance=True, ticks=30)
test_conformance_of_labour = conformance_tests(LABOUR, chance=False, ticks=20)
