"""The filter of system calls that sandboxed bots run under, as classic BPF, for x86_64 and aarch64.

What is refused has no use in a game: changing mounts and namespaces, debugging others, kernel keys, BPF, performance
counters, modules, io_uring (whose requests no filter sees), and sockets that no network namespace confines (vsock).
"""

from __future__ import annotations

import errno
import platform
import struct

_LOAD, _JEQ, _JGE, _JSET, _RET = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
_NR, _ARCH, _ARG0, _ARG1 = 0, 4, 16, 24
_AUDIT = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000
_NAMESPACES = 0x7E020000  # CLONE_NEWNS | NEWCGROUP | NEWUTS | NEWIPC | NEWUSER | NEWPID | NEWNET
_FAMILIES = (1, 2, 10, 16)  # unix, inet, inet6, netlink: all confined by the network namespace
_IOCTLS = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX: typing into somebody's terminal

# The first number is x86_64's, the second aarch64's; None where there is no such call.
_REFUSED: dict[str, tuple[int | None, int | None]] = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "unshare": (272, 97),
    "setns": (308, 268),
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "iopl": (172, None),
    "ioperm": (173, None),
    "modify_ldt": (154, None),
    "uselib": (134, None),
    "acct": (163, 89),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    "fanotify_init": (300, 262),
    "lookup_dcookie": (212, 18),
    "personality": (135, 92),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "mbind": (237, 235),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "vhangup": (153, 58),
}
_CLONE, _CLONE3, _SOCKET, _SOCKETPAIR, _IOCTL = (56, 220), (435, 435), (41, 198), (53, 199), (16, 29)


def supported(machine: str | None = None) -> bool:
    """Whether there is a filter for this kind of processor."""
    return (machine or platform.machine()) in _AUDIT


def program(machine: str | None = None) -> bytes:
    """The filter: an array of `struct sock_filter`, as `bwrap --seccomp` reads it. Raises KeyError if unsupported."""
    machine = machine or platform.machine()
    architecture, column = _AUDIT[machine], list(_AUDIT).index(machine)
    code = [_op(_LOAD, _ARCH), _op(_JEQ, architecture, 1, 0), _refuse(), _op(_LOAD, _NR)]
    if machine == "x86_64":
        code += [_op(_JGE, _X32, 0, 1), _refuse()]
    for numbers in _REFUSED.values():
        if (number := numbers[column]) is not None:
            code += [_op(_JEQ, number, 0, 1), _refuse()]
    code += [_op(_JEQ, _CLONE3[column], 0, 1), _refuse(errno.ENOSYS)]  # its flags are out of reach; libc uses clone
    code += _when(_CLONE[column], [_op(_LOAD, _ARG0), _op(_JSET, _NAMESPACES, 0, 1), _refuse()])
    families = [_op(_JEQ, family, len(_FAMILIES) - place, 0) for place, family in enumerate(_FAMILIES)]
    for call in (_SOCKET, _SOCKETPAIR):
        code += _when(call[column], [_op(_LOAD, _ARG0), *families, _refuse(errno.EAFNOSUPPORT)])
    requests = [step for request in _IOCTLS for step in (_op(_JEQ, request, 0, 1), _refuse())]
    code += _when(_IOCTL[column], [_op(_LOAD, _ARG1), *requests])
    return b"".join([*code, _op(_RET, _ALLOW)])


def _when(number: int, body: list[bytes]) -> list[bytes]:
    """Run `body` for one call, then allow it."""
    return [_op(_JEQ, number, 0, len(body) + 1), *body, _op(_RET, _ALLOW)]


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    return struct.pack("<HBBI", code, yes, no, value)


def _refuse(number: int = errno.EPERM) -> bytes:
    return _op(_RET, _ERRNO | number)
