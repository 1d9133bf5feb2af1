"""A session's own network: a loopback that all its commands share and from which nothing leads out.

What a command serves in the background a later one can reach. The one door is a socket of the host's that
listens in there, see `proxy`. No process keeps it alive: the host holds it by descriptors.
"""

import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SECONDS = 10.0
"""To make one; it takes some 30 milliseconds."""


@dataclass(frozen=True, slots=True)
class Network:
    """`port` is where `listening` listens, on the loopback in there."""

    nsenter: str
    user: int
    net: int
    listening: socket.socket
    port: int

    def enter(self) -> tuple[list[str], tuple[int, int]]:
        """What stands before a command to have it run in there, and two descriptors that must be passed to it.

        They are copies, the caller closes them: so a command that was begun finds the network though this
        process has died since. Inside they are good for nothing, `setns` is refused.
        """
        user, net = os.dup(self.user), os.dup(self.net)
        door = [f"--user=/proc/self/fd/{user}", f"--net=/proc/self/fd/{net}"]
        return [self.nsenter, "--preserve-credentials", *door], (user, net)

    def close(self) -> None:
        """Lets go of it. It ends with the last command in it."""
        os.close(self.user)
        os.close(self.net)
        self.listening.close()


def joined_network(nsenter: str) -> Network:
    """One that the program `nsenter` can enter, tried. Blocking. Raises OSError or SubprocessError."""
    network = _new(nsenter)
    entering, passed = network.enter()
    try:
        subprocess.run(
            [*entering, "/bin/sh", "-c", ":"],
            pass_fds=passed,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        network.close()
        raise
    finally:
        for descriptor in passed:
            os.close(descriptor)
    return network


def _new(nsenter: str) -> Network:
    here, there = socket.socketpair()
    with here:
        with there:
            made = subprocess.run(
                [sys.executable, "-I", "-S", str(Path(__file__).with_name("netns.py")), str(there.fileno())],
                pass_fds=(there.fileno(),),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        if made.returncode != 0:
            said = made.stderr.decode("utf-8", "replace").strip().splitlines()
            raise OSError(said[-1] if said else "a network of its own could not be made")
        here.settimeout(SECONDS)
        port, descriptors, _, _ = socket.recv_fds(here, 16, 3)
    user, net, listening = descriptors
    return Network(nsenter, user, net, socket.socket(fileno=listening), int(port))
