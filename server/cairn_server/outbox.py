"""What goes out to one client: framed, and bounded in memory and time."""

import asyncio
from collections.abc import Callable

Frame = Callable[[bytes], bytes]


def as_line(body: bytes) -> bytes:
    """One message of the plain face. JSON text has no raw line feed in it."""
    return body + b"\n"


def as_frame(body: bytes) -> bytes:
    """One message of the LSP face."""
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Outbox:
    """The writing side of one connection; a client that takes nothing for `patience` seconds is cut.

    `send` never waits, so whoever sends must `drain` before the next: then no more
    than one message, or one bunch of them, is ever held for a client.
    """

    def __init__(self, writer: asyncio.StreamWriter, frame: Frame, patience: float) -> None:
        self._writer = writer
        self._frame = frame
        self._patience = patience

    def send(self, *bodies: bytes) -> None:
        """Hands whole messages to the connection; does nothing when it is gone."""
        self.write(b"".join(map(self._frame, bodies)))

    def write(self, framed: bytes) -> None:
        """Hands over bytes that are framed already."""
        if framed and not self._writer.is_closing():
            self._writer.write(framed)

    async def drain(self) -> None:
        """Waits until the client has taken most of what was sent.

        Raises ConnectionError when it is gone, or has taken nothing for `patience` seconds.
        """
        held = self._held()
        while True:
            try:
                async with asyncio.timeout(self._patience):
                    return await self._writer.drain()
            except TimeoutError:
                before, held = held, self._held()
                if held >= before:
                    self.cut()
                    raise ConnectionAbortedError("the client does not read; it was cut") from None

    def cut(self) -> None:
        """Ends the connection now; what was not taken is dropped."""
        self._writer.transport.abort()

    def close(self) -> None:
        """Ends the connection after what was sent."""
        self._writer.close()

    def _held(self) -> int:
        return self._writer.transport.get_write_buffer_size()
