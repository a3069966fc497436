"""The filter, executed by hand: what it says for a call, on both kinds of processor."""

import errno
import struct

import pytest

from league.sandbox import seccomp

ALLOW = "allow"
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CALLS = {
    "x86_64": {"read": 0, "write": 1, "clone": 56, "socket": 41, "ioctl": 16, "ptrace": 101, "bpf": 321, "clone3": 435},
    "aarch64": {
        "read": 63,
        "write": 64,
        "clone": 220,
        "socket": 198,
        "ioctl": 29,
        "ptrace": 117,
        "bpf": 280,
        "clone3": 435,
    },
}


def decide(code, architecture, number, *arguments):
    """Run classic BPF over `struct seccomp_data`."""
    padded = [*arguments, *[0] * (6 - len(arguments))]
    data = struct.pack("<IIQ6Q", number, architecture, 0, *padded)
    at = accumulator = 0
    steps = list(struct.iter_unpack("<HBBI", code))
    while True:
        kind, yes, no, value = steps[at]
        at += 1
        if kind == 0x20:
            (accumulator,) = struct.unpack_from("<I", data, value)
        elif kind == 0x06:
            return ALLOW if value == 0x7FFF0000 else errno.errorcode[value & 0xFFFF]
        else:
            held = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[kind]
            at += yes if held else no


@pytest.fixture(params=["x86_64", "aarch64"])
def judge(request):
    code = seccomp.program(request.param)
    calls = CALLS[request.param]
    return lambda name, *arguments: decide(code, ARCHITECTURE[request.param], calls[name], *arguments)


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (("read", 0), ALLOW),
        (("write", 1), ALLOW),
        (("ptrace",), "EPERM"),
        (("bpf",), "EPERM"),
        (("clone3",), "ENOSYS"),
        (("clone", 0x11), ALLOW),
        (("clone", 0x10000000), "EPERM"),
        (("clone", 0x20000011), "EPERM"),
        (("socket", 1), ALLOW),
        (("socket", 2), ALLOW),
        (("socket", 10), ALLOW),
        (("socket", 16), ALLOW),
        (("socket", 40), "EAFNOSUPPORT"),
        (("socket", 38), "EAFNOSUPPORT"),
        (("socket", 17), "EAFNOSUPPORT"),
        (("ioctl", 0, 0x5401), ALLOW),
        (("ioctl", 0, 0x5412), "EPERM"),
        (("ioctl", 0, 0x541C), "EPERM"),
    ],
)
def test_a_call_is_judged(judge, call, verdict):
    assert judge(*call) == verdict


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_of_another_architecture_are_refused(machine):
    assert decide(seccomp.program(machine), 0x40000003, 4) == "EPERM"


def test_the_second_table_of_x86_is_refused():
    assert decide(seccomp.program("x86_64"), ARCHITECTURE["x86_64"], 0x40000000 + 1) == "EPERM"


def test_an_unknown_processor_is_not_supported():
    assert not seccomp.supported("riscv64")
    with pytest.raises(KeyError):
        seccomp.program("riscv64")
