"""Conformance checks for environments, and services for tests of algorithms. Tiny games are in `marl.testing.games`.

    print(check_environment(my_game).text())             # a function
    test_conformance = conformance_tests({"it": my_game})  # pytest: a case for each environment and check
    marl plugins check my-plugin                         # on the command line

How-to: docs/environments.md.
"""

from marl.testing.checks import CHECKS
from marl.testing.conformance import check_environment, conformance_tests
from marl.testing.host import Host
from marl.testing.report import Report, Result
from marl.testing.subject import Reference

__all__ = [
    "CHECKS",
    "Host",
    "Reference",
    "Report",
    "Result",
    "check_environment",
    "conformance_tests",
]
