"""The filter, executed by hand: what it says for a call, on both kinds of processor."""

import errno
import fcntl
import struct

import pytest

from league.sandbox import calls, seccomp

ALLOW, VAIN = "allow", "vain"
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
COLUMN = {"x86_64": 0, "aarch64": 1}
OTHERS = {  # calls that no table of ours names, because they are not allowed
    "ptrace": (101, 117),
    "bpf": (321, 280),
    "inotify_init1": (294, 26),
    "fanotify_init": (300, 262),
    "mincore": (27, 232),
    "cachestat": (451, 451),
    "preadv2": (327, 286),
    "openat2": (437, 437),
    "sysinfo": (99, 179),
    "statfs": (137, 43),
    "fstatfs": (138, 44),
    "add_key": (248, 217),
    "keyctl": (250, 219),
    "mq_open": (240, 180),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "sendmsg": (46, 211),
    "io_uring_setup": (425, 425),
    "sched_setaffinity": (203, 122),
    "sched_setscheduler": (144, 119),
    "setpriority": (141, 140),
    "ioprio_set": (251, 30),
    "unshare": (272, 97),
    "mount": (165, 40),
    "a call of tomorrow": (999, 999),
}
NUMBERS = {**OTHERS, **calls.ALLOWED, **calls.VAIN, **calls.JUDGED}


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
            return ALLOW if value == 0x7FFF0000 else errno.errorcode.get(value & 0xFFFF, VAIN)
        else:
            held = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[kind]
            at += yes if held else no


@pytest.fixture(params=["x86_64", "aarch64"])
def judge(request):
    code = seccomp.program(request.param)

    def say(name, *arguments):
        return decide(code, ARCHITECTURE[request.param], NUMBERS[name][COLUMN[request.param]], *arguments)

    return say


@pytest.mark.parametrize(
    ("call", "verdict"),
    [
        (("read", 0), ALLOW),
        (("write", 1), ALLOW),
        (("clone3",), "ENOSYS"),
        (("clone", 0x11), ALLOW),
        (("clone", 0x10000000), "EPERM"),
        (("clone", 0x20000011), "EPERM"),
        (("socket", 1), ALLOW),
        (("socket", 2), "EAFNOSUPPORT"),
        (("socket", 10), "EAFNOSUPPORT"),
        (("socket", 16), "EAFNOSUPPORT"),
        (("socket", 40), "EAFNOSUPPORT"),
        (("socketpair", 1), ALLOW),
        (("socketpair", 2), "EAFNOSUPPORT"),
        (("ioctl", 0, 0x5401), ALLOW),
        (("ioctl", 0, 0x5412), "EPERM"),
        (("ioctl", 0, 0x541C), "EPERM"),
        (("ioctl", 0, 0xC020660B), "EPERM"),  # FS_IOC_FIEMAP
        (("fcntl", 3, fcntl.F_GETFL), ALLOW),
        (("fcntl", 3, fcntl.F_DUPFD_CLOEXEC), ALLOW),
        (("fcntl", 3, fcntl.F_SETLK), VAIN),
        (("fcntl", 3, fcntl.F_OFD_SETLK), VAIN),
        (("fcntl", 3, fcntl.F_SETLEASE), "EPERM"),
        (("fcntl", 3, fcntl.F_NOTIFY), "EPERM"),
        (("fcntl", 3, fcntl.F_SETPIPE_SZ), "EPERM"),
        (("fcntl", 3, 1036), "EPERM"),  # F_SET_RW_HINT
        (("madvise", 0, 4096, 4), ALLOW),
        (("madvise", 0, 4096, 12), "EINVAL"),  # MADV_MERGEABLE
        (("madvise", 0, 4096, 20), "EINVAL"),  # MADV_COLD
        (("madvise", 0, 4096, 21), "EINVAL"),  # MADV_PAGEOUT
        (("mmap", 0, 4096, 3, 0x22), ALLOW),
        (("mmap", 0, 4096, 3, 0x40022), "ENOMEM"),  # MAP_HUGETLB
        (("memfd_create", 0, 0), ALLOW),
        (("memfd_create", 0, 4), "ENOSYS"),  # MFD_HUGETLB
        (("flock", 3, 2), VAIN),
        (("fsync", 3), VAIN),
        (("sync",), VAIN),
        (("fadvise64", 3, 0, 0, 4), VAIN),
        (("utimensat", 3), VAIN),
        (("setsid",), VAIN),
    ],
)
def test_a_call_is_judged(judge, call, verdict):
    assert judge(*call) == verdict


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_not_allowed_does_not_exist(judge, name):
    assert judge(name) == "ENOSYS"


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_no_number_is_in_two_tables(machine):
    column = COLUMN[machine]
    numbers = [number[column] for number in NUMBERS.values() if number[column] is not None]
    assert len(numbers) == len(set(numbers))


@pytest.mark.parametrize("machine", ["x86_64", "aarch64"])
def test_calls_of_another_architecture_are_refused(machine):
    assert decide(seccomp.program(machine), 0x40000003, 4) == "ENOSYS"


def test_the_second_table_of_x86_is_refused():
    assert decide(seccomp.program("x86_64"), ARCHITECTURE["x86_64"], 0x40000000 + 1) == "ENOSYS"


def test_an_unknown_processor_is_not_supported():
    assert not seccomp.supported("riscv64")
    with pytest.raises(KeyError):
        seccomp.program("riscv64")
