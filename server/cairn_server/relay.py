"""`cairn lsp --stdio`: carries bytes between an editor and the host, and knows nothing of what they say."""

import contextlib
import os
import socket
import sys
import threading

from cairn_memory.places import Workspace
from cairn_server import launch

CHUNK = 65_536


def relay(workspace: Workspace, module: str = "") -> int:
    """Until either side leaves. The exit code: 0, or 1 when no host could be reached. `module`: see `connect`."""
    try:
        channel = launch.connect(workspace, "lsp", client="editor", module=module)
    except launch.LaunchError as error:
        print(f"cairn lsp: {error}", file=sys.stderr, flush=True)
        return 1
    _binary()
    threading.Thread(target=_to_host, args=(channel.socket,), name="to host", daemon=True).start()
    _to_editor(channel)
    # Without waiting for the other thread: a read from stdin can be broken off nowhere.
    os._exit(0)


def _to_host(host: socket.socket) -> None:
    """At the editor's end of the stream tells the host, which then closes its own side."""
    with contextlib.suppress(OSError):
        while data := os.read(sys.stdin.fileno(), CHUNK):
            host.sendall(data)
    with contextlib.suppress(OSError):
        host.shutdown(socket.SHUT_WR)


def _to_editor(channel: launch.Channel) -> None:
    out = sys.stdout.fileno()
    with contextlib.suppress(OSError):
        while data := channel.reader.read1(CHUNK):
            while data:
                data = data[os.write(out, data) :]


def _binary() -> None:
    """Windows would turn line feeds into two bytes."""
    if sys.platform == "win32":
        import msvcrt

        for stream in (sys.stdin, sys.stdout):
            msvcrt.setmode(stream.fileno(), os.O_BINARY)
