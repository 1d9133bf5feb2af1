"""Run alone, as `python -I -S confine.py FD FOLDER COMMAND...`: puts rules on itself, then becomes the command.

From FD it reads JSON: `read` and `write` are lists of paths, `filter` is a seccomp program in hexadecimal.
A first process stays outside of the rules. It takes in whatever the command leaves behind and ends it with
the command, since without a process namespace a process may leave its group.
Sources: linux/landlock.h, linux/prctl.h, linux/seccomp.h, linux/capability.h; the numbers are the same on all machines.
"""

import ctypes
import errno
import json
import os
import signal
import struct
import sys
from contextlib import suppress
from pathlib import Path

LIBC = ctypes.CDLL(None, use_errno=True)
CREATE_RULESET, ADD_RULE, RESTRICT_SELF = 444, 445, 446
VERSION, PATH_BENEATH = 1, 1
NO_NEW_PRIVS, SET_SECCOMP, SET_PDEATHSIG, SET_CHILD_SUBREAPER = 38, 22, 1, 36
SECCOMP_FILTER, CAPBSET_DROP, CAPABILITY_VERSION_3 = 2, 24, 0x20080522

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
READING = EXECUTE | READ_FILE | READ_DIR
RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1, 5: (1 << 16) - 1}
"""All rights on files by the version of Landlock: 2 brought REFER, 3 TRUNCATE, 5 IOCTL_DEV."""
OF_FILES = EXECUTE | WRITE_FILE | READ_FILE | (1 << 14) | (1 << 15)
"""Rights that a rule on something that is no folder may name."""
SCOPED = 3
"""From version 6 on: no abstract Unix sockets of others, no signals to others."""


def main() -> None:
    rules = int(sys.argv[1])
    with os.fdopen(rules, "rb") as file:
        given = json.load(file)
    prctl(SET_CHILD_SUBREAPER, 1)
    child = os.fork()
    if child == 0:
        prctl(SET_PDEATHSIG, signal.SIGKILL)
        os.setsid()
        os.chdir(sys.argv[2])
        drop_capabilities()
        prctl(NO_NEW_PRIVS, 1)
        landlock(given["read"], given["write"])
        seccomp(bytes.fromhex(given["filter"]))
        command = sys.argv[3:]
        try:
            os.execvp(command[0], command)
        except OSError as error:
            fail(f"{command[0]}: {error.strerror}")

    def ask(number: int, frame: object) -> None:
        with suppress(OSError):
            os.killpg(child, number)

    signal.signal(signal.SIGTERM, ask)
    sys.exit(ended(child))


def ended(child: int) -> int:
    """Waits for the command, then ends everything that is left of it; the exit code as a shell gives it."""
    code: int | None = None
    while True:
        try:
            pid, status = os.wait()
        except ChildProcessError:
            return code or 0
        if pid == child:
            code = os.waitstatus_to_exitcode(status)
            code = 128 - code if code < 0 else code
        if code is not None:
            end_left()


def end_left() -> None:
    """Whoever the command left behind is ours now; what those leave comes to us in turn."""
    me = os.getpid()
    with suppress(OSError, ValueError):
        children = Path(f"/proc/{me}/task/{me}/children").read_text(encoding="ascii").split()
        for each in children:
            with suppress(OSError):
                os.kill(int(each), signal.SIGKILL)


def landlock(readable: "list[str]", writable: "list[str]") -> None:
    version = LIBC.syscall(CREATE_RULESET, None, ctypes.c_size_t(0), VERSION)
    if version < 1:
        fail("this kernel has no Landlock")
    rights = RIGHTS[min(version, 5)]
    scoped = SCOPED if version >= 6 else 0
    layout = struct.pack("<QQQ", rights, 0, scoped) if version >= 6 else struct.pack("<Q", rights)
    ruleset = checked(LIBC.syscall(CREATE_RULESET, layout, ctypes.c_size_t(len(layout)), 0))
    for path in readable:
        allow(ruleset, path, READING & rights)
    for path in writable:
        allow(ruleset, path, rights)
    checked(LIBC.syscall(RESTRICT_SELF, ruleset, 0))
    os.close(ruleset)


def allow(ruleset: int, path: str, rights: int) -> None:
    """A path that is gone needs no rule."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        rights &= OF_FILES
    LIBC.syscall(ADD_RULE, ruleset, PATH_BENEATH, struct.pack("<Qi", rights, descriptor), 0)
    os.close(descriptor)


def seccomp(program: bytes) -> None:
    held = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("<HxxxxxxQ", len(program) // 8, ctypes.addressof(held))
    prctl(SET_SECCOMP, SECCOMP_FILTER, ctypes.c_char_p(header))


def drop_capabilities() -> None:
    """Root without them is a user like others. Who has none has nothing to drop."""
    for number in range(64):
        LIBC.prctl(CAPBSET_DROP, ctypes.c_ulong(number), *[ctypes.c_ulong(0)] * 3)
    checked(LIBC.capset(struct.pack("<Ii", CAPABILITY_VERSION_3, 0), bytes(24)))


def prctl(option: int, *arguments: object) -> None:
    given = [ctypes.c_ulong(each) if isinstance(each, int) else each for each in arguments]
    given += [ctypes.c_ulong(0)] * (4 - len(given))
    checked(LIBC.prctl(option, *given))


def checked(result: int) -> int:
    if result < 0:
        fail(errno.errorcode.get(ctypes.get_errno(), "unknown error"))
    return result


def fail(why: str) -> None:
    os.write(2, f"cairn sandbox: {why}\n".encode())
    os._exit(126)


if __name__ == "__main__":
    main()
