"""The system calls that no command gets, as a program for the kernel (classic BPF, see seccomp(2)).

Assembled here: libseccomp's binding is a C extension that few machines have. The numbers are those of
Linux's tables `arch/x86/entry/syscalls/syscall_64.tbl` and `include/uapi/asm-generic/unistd.h`.
What is refused gives EPERM; only `clone3`, whose flags cannot be looked at, is said not to exist,
so that the C library takes `clone`.
"""

import platform
import struct
from collections.abc import Iterable, Iterator

_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
"""AUDIT_ARCH_* of linux/audit.h."""

_REFUSED = {
    "x86_64": {
        "ptrace": 101, "syslog": 103, "vhangup": 153, "modify_ldt": 154, "pivot_root": 155, "adjtimex": 159,
        "chroot": 161, "acct": 163, "settimeofday": 164, "mount": 165, "umount2": 166, "swapon": 167,
        "swapoff": 168, "reboot": 169, "iopl": 172, "ioperm": 173, "create_module": 174, "init_module": 175,
        "delete_module": 176, "quotactl": 179, "nfsservctl": 180, "lookup_dcookie": 212, "clock_settime": 227,
        "kexec_load": 246, "add_key": 248, "request_key": 249, "keyctl": 250, "unshare": 272,
        "perf_event_open": 298, "fanotify_init": 300, "open_by_handle_at": 304, "clock_adjtime": 305,
        "setns": 308, "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "finit_module": 313,
        "kexec_file_load": 320, "bpf": 321, "userfaultfd": 323,
    },
    "aarch64": {
        "lookup_dcookie": 18, "umount2": 39, "mount": 40, "pivot_root": 41, "nfsservctl": 42, "chroot": 51,
        "vhangup": 58, "quotactl": 60, "acct": 89, "unshare": 97, "kexec_load": 104, "init_module": 105,
        "delete_module": 106, "clock_settime": 112, "syslog": 116, "ptrace": 117, "reboot": 142,
        "settimeofday": 170, "adjtimex": 171, "add_key": 217, "request_key": 218, "keyctl": 219,
        "swapon": 224, "swapoff": 225, "perf_event_open": 241, "fanotify_init": 262, "open_by_handle_at": 265,
        "clock_adjtime": 266, "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272,
        "finit_module": 273, "bpf": 280, "userfaultfd": 282, "kexec_file_load": 294,
    },
}  # fmt: skip
"""Other processes' memory, kernel keys, mounts, namespaces, modules, clocks; what no build or test needs."""

_REFUSED_EVERYWHERE = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438,
    "process_madvise": 440, "mount_setattr": 442, "quotactl_fd": 443,
}  # fmt: skip
"""New calls have one number on all machines. io_uring would do what the other rules refuse."""

_CLONE3 = 435
_SOCKET = {"x86_64": 41, "aarch64": 198}
_CLONE = {"x86_64": 56, "aarch64": 220}
_IOCTL = {"x86_64": 16, "aarch64": 29}
_INTERNET = (2, 10)
"""AF_INET, AF_INET6. Every other family is refused: by AF_UNIX a command would reach the host and the user's
agents, by AF_NETLINK, AF_VSOCK and AF_ALG the kernel and the machine around it. `socketpair` is not touched."""
_NEW_NAMESPACE = 0x7E020000
"""CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET of linux/sched.h."""
_TERMINAL = (0x5412, 0x541C)
"""TIOCSTI and TIOCLINUX: they type for the user."""
_X32 = 0x40000000
"""Bit of the second set of system calls that x86_64 has: the same calls under other numbers."""

_ALLOW, _EPERM, _ENOSYS, _KILL = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000
_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _MACHINE, _FIRST, _SECOND = 0, 4, 16, 24
"""Offsets in struct seccomp_data; of the two arguments the lower halves."""


def is_known(machine: str | None = None) -> bool:
    """Whether there is a program for this kind of machine."""
    return (machine or platform.machine()) in _ARCH


def program(*, network: bool = True, machine: str | None = None) -> bytes:
    """The program. Without `network` it refuses internet sockets too, for a sandbox that has no network of its own.

    Raises KeyError for a machine that is not known.
    """
    machine = machine or platform.machine()
    families = _INTERNET if network else ()
    return b"".join(
        (
            *(_op(_LOAD, _MACHINE), _op(_JEQ, _ARCH[machine], 1, 0), _op(_RETURN, _KILL)),
            _op(_LOAD, _NUMBER),
            *((_op(_JGE, _X32, 0, 1), _op(_RETURN, _EPERM)) if machine == "x86_64" else ()),
            *_each({**_REFUSED[machine], **_REFUSED_EVERYWHERE}.values(), _EPERM),
            *_each((_CLONE3,), _ENOSYS),
            *_call(_SOCKET[machine], _FIRST, _only(families)),
            *_call(_CLONE[machine], _FIRST, (_op(_JSET, _NEW_NAMESPACE, 0, 1), _op(_RETURN, _EPERM))),
            *_call(_IOCTL[machine], _SECOND, _each(_TERMINAL, _EPERM)),
            _op(_RETURN, _ALLOW),
        )
    )


def _op(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
    """One instruction; `yes` and `no` are how many instructions a jump leaves out."""
    return struct.pack("<HBBI", code, yes, no, value)


def _each(values: Iterable[int], result: int) -> Iterator[bytes]:
    """Ends with `result` when what is loaded is one of `values`."""
    for value in values:
        yield _op(_JEQ, value, 0, 1)
        yield _op(_RETURN, result)


def _only(values: Iterable[int]) -> Iterator[bytes]:
    """Ends with EPERM unless what is loaded is one of `values`."""
    for value in values:
        yield _op(_JEQ, value, 0, 1)
        yield _op(_RETURN, _ALLOW)
    yield _op(_RETURN, _EPERM)


def _call(number: int, argument: int, rules: Iterable[bytes]) -> Iterator[bytes]:
    """`rules` on one argument of the call `number`; after them the number is loaded again."""
    body = (_op(_LOAD, argument), *rules, _op(_LOAD, _NUMBER))
    yield _op(_JEQ, number, 0, len(body))
    yield from body
