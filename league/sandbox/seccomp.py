"""The filter of system calls that sandboxed bots run under, as classic BPF, for x86_64 and aarch64: an allow-list.

`league.sandbox.calls` names the calls; here stands what their arguments may be. A call that is not allowed does not
exist (ENOSYS). Kernels since 5.11 remember for which calls arguments matter, so the list's length costs nothing.
"""

from __future__ import annotations

import errno
import platform
import struct
from dataclasses import dataclass

from league.sandbox.calls import ALLOWED, JUDGED, VAIN

_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NR, _ARCH, _ARGUMENTS = 0, 4, 16
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000


@dataclass(frozen=True)
class Among:
    """Allowed if the argument is one of some values; else the call fails with `error`."""

    argument: int
    values: tuple[int, ...]
    error: int

    def code(self) -> list[bytes]:
        """The instructions that let a call pass whose argument is one of these, and no other."""
        count = len(self.values)
        tests = [_op(_JEQ, value, count - place, 0) for place, value in enumerate(self.values)]
        return [_op(_LOAD, _ARGUMENTS + 8 * self.argument), *tests, _fail(self.error)]


@dataclass(frozen=True)
class Without:
    """Allowed if the argument has none of some bits."""

    argument: int
    bits: int
    error: int

    def code(self) -> list[bytes]:
        """The instructions that refuse a call whose argument has these bits."""
        return [_op(_LOAD, _ARGUMENTS + 8 * self.argument), _op(_JSET, self.bits, 0, 1), _fail(self.error)]


@dataclass(frozen=True)
class Never:
    """Never allowed, with an error of its own."""

    error: int

    def code(self) -> list[bytes]:
        """The instruction that refuses the call."""
        return [_fail(self.error)]


@dataclass(frozen=True)
class Vain:
    """As `rule`, but for some values the call succeeds and does nothing."""

    values: tuple[int, ...]
    rule: Among

    def code(self) -> list[bytes]:
        """The instructions of the rule, after those that answer for some values as if the call had been done."""
        load, *others = self.rule.code()
        tests = [step for value in self.values for step in (_op(_JEQ, value, 0, 1), _fail(0))]
        return [load, *tests, *others]


_UNIX = (1,)  # AF_UNIX: even a network of its own draws on memory and counters that the whole machine shares
_NAMESPACES = 0x7E020000  # CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_DESCRIPTORS = (
    0,
    1,
    2,
    3,
    4,
    1027,
    1030,
    1032,
    1033,
    1034,
)  # F_DUPFD .. F_SETFL, DUPFD_QUERY, DUPFD_CLOEXEC, GETPIPE_SZ, SEALS
_LOCKS = (5, 6, 7, 36, 37, 38)  # F_GETLK, F_SETLK, F_SETLKW, and the same of open file descriptions
_REQUESTS = (
    0x5401,
    0x540F,
    0x5413,
    0x541B,
    0x5421,
    0x5450,
    0x5451,
    0x5452,
)  # is it a terminal, how much is there, FIO*
_ADVICE = (
    0,
    1,
    2,
    3,
    4,
    8,
    9,
    10,
    11,
    14,
    15,
    16,
    17,
    18,
    19,
    22,
    23,
    25,
)  # not COLD, PAGEOUT (caches), MERGEABLE (KSM)
_RULES: dict[str, Among | Without | Never | Vain] = {
    "clone": Without(0, _NAMESPACES, errno.EPERM),
    "clone3": Never(errno.ENOSYS),  # its flags are out of reach; libraries use clone then
    # Leases, F_NOTIFY and hints reach other sandboxes through shared files; larger pipes count against the host's user.
    "fcntl": Vain(_LOCKS, Among(1, _DESCRIPTORS, errno.EPERM)),
    "ioctl": Among(1, _REQUESTS, errno.EPERM),
    "socket": Among(0, _UNIX, errno.EAFNOSUPPORT),
    "socketpair": Among(0, _UNIX, errno.EAFNOSUPPORT),
    "madvise": Among(2, _ADVICE, errno.EINVAL),
    "mmap": Without(3, 0x40000, errno.ENOMEM),  # MAP_HUGETLB: the host's pool
    "memfd_create": Without(1, 0x4, errno.ENOSYS),  # MFD_HUGETLB
}


def supported(machine: str | None = None) -> bool:
    """Whether there is a filter for this kind of processor."""
    return (machine or platform.machine()) in _AUDIT


def program(machine: str | None = None) -> bytes:
    """The filter: an array of `struct sock_filter`, as `bwrap --seccomp` reads it. Raises KeyError if unsupported."""
    machine = machine or platform.machine()
    architecture, column = _AUDIT[machine], list(_AUDIT).index(machine)
    code = [_op(_LOAD, _ARCH), _op(_JEQ, architecture, 1, 0), _fail(errno.ENOSYS), _op(_LOAD, _NR)]
    if machine == "x86_64":
        code += [_op(_JGE, _X32, 0, 1), _fail(errno.ENOSYS)]
    for verdict, calls in ((_op(_RET, _ALLOW), ALLOWED), (_fail(0), VAIN)):
        for numbers in calls.values():
            if (number := numbers[column]) is not None:
                code += [_op(_JEQ, number, 0, 1), verdict]
    for name, numbers in JUDGED.items():
        if (number := numbers[column]) is not None:
            body = _RULES[name].code()
            code += [_op(_JEQ, number, 0, len(body) + 1), *body, _op(_RET, _ALLOW)]
    return b"".join([*code, _fail(errno.ENOSYS)])


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _fail(number: int) -> bytes:
    return _op(_RET, _ERRNO | number)
