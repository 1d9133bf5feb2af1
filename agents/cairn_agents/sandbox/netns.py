"""Run alone, as `python -I -S netns.py FD`: makes a network of its own with nothing but a loopback, and gives it away.

What it hands over through the socket FD: the user namespace, the network namespace, and a socket that
listens on that loopback. They live as long as somebody holds them; this process ends at once.
Source of the numbers: linux/sched.h, linux/sockios.h, linux/if.h.
"""

import ctypes
import os
import socket
import struct
import sys
from pathlib import Path

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000
SIOCSIFFLAGS, IFF_UP_RUNNING = 0x8914, 0x41


def main() -> None:
    import fcntl  # not on Windows, where this file is only looked at

    user, group = os.getuid(), os.getgid()
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0:
        sys.exit(f"no namespace: {os.strerror(ctypes.get_errno())}")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1", encoding="ascii")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP_RUNNING))
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(128)
    given = [os.open(f"/proc/self/ns/{name}", os.O_RDONLY) for name in ("user", "net")]
    with socket.socket(fileno=int(sys.argv[1])) as channel:
        socket.send_fds(channel, [b"%d" % listening.getsockname()[1]], [*given, listening.fileno()])


if __name__ == "__main__":
    main()
