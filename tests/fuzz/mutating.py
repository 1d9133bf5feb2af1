"""Bytes that were never meant: mutations of a corpus, led by which lines of the target they reach.

Every target is a function of bytes. It may raise only what it declares; anything else is a crash, more
than `SLOW` seconds a hang, more than `LARGE` bytes of memory beyond what the input explains a leak.
"""

import argparse
import logging
import random
import sys
import time
import tracemalloc
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

Target = Callable[[bytes], None]

CORPUS = Path(__file__).with_name("corpus")
LONGEST = 20_000
"""Bytes of an input."""
SLOW = 5.0
"""Seconds that one input may take: a hang, on a slow machine too."""
LARGE = 64_000_000
"""Bytes that one input may have the target hold at a time."""
KEPT = 400
"""Inputs that are mutated further; the oldest findings give way."""
LOOK = 500
"""After so many inputs one is looked at for memory: to measure it slows everything down."""


@dataclass
class Fuzzer:
    """Mutates what is in `inputs`, and takes in what reached a line that nothing did before."""

    target: Target
    modules: Sequence[str]
    """Parts of the file names whose lines count."""
    tokens: Sequence[bytes]
    """What the format is made of: put in whole."""
    chance: random.Random
    inputs: list[bytes] = field(default_factory=list[bytes])
    reached: set[tuple[str, int]] = field(default_factory=set[tuple[str, int]])
    count: int = 0

    def run(self, seconds: float) -> None:
        """Goes on for that long. Raises AssertionError with the input that broke the target."""
        for data in list(self.inputs):
            self._try(data)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            data = self._mutated()
            if self._try(data):
                self.inputs.append(data)
                del self.inputs[1 : max(len(self.inputs) - KEPT, 1)]

    def _try(self, data: bytes) -> bool:
        """Whether it reached something new."""
        self.count += 1
        before, start = len(self.reached), time.process_time()
        try:
            with self._measured(), self._lines():
                self.target(data)
        except Exception as error:
            raise AssertionError(f"crash: {error!r} on {data!r}") from error
        if (took := time.process_time() - start) > SLOW:
            raise AssertionError(f"hang: {took:.1f} s on {data!r}")
        return len(self.reached) > before

    @contextmanager
    def _measured(self) -> Generator[None]:
        if self.count % LOOK:
            yield
            return
        tracemalloc.start(1)
        try:
            yield
            _, most = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert most < LARGE, f"{most:,} bytes"

    @contextmanager
    def _lines(self) -> Generator[None]:
        """Notes the lines of the modules that are reached; debuggers and coverage go on after it."""
        known: dict[CodeType, bool] = {}

        def lines(frame: FrameType, event: str, argument: Any) -> Any:
            self.reached.add((frame.f_code.co_filename, frame.f_lineno))
            return lines

        def calls(frame: FrameType, event: str, argument: Any) -> Any:
            code = frame.f_code
            if code not in known:
                known[code] = any(part in code.co_filename for part in self.modules)
            return lines if known[code] else None

        others = sys.gettrace()
        sys.settrace(calls)
        try:
            yield
        finally:
            sys.settrace(others)

    def _mutated(self) -> bytes:
        data = bytearray(self.chance.choice(self.inputs))
        for _ in range(self.chance.choice((1, 1, 2, 3, 8))):
            self._mutate(data)
        return bytes(data[:LONGEST])

    def _mutate(self, data: bytearray) -> None:
        chance, at = self.chance, self.chance.randint(0, len(data))
        length = chance.choice((1, 1, 2, 4, 16, 200))
        match chance.randrange(8):
            case 0 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = chance.randbytes(length)
            case 3:
                data[at:at] = chance.choice(self.tokens)
            case 4:
                data[at:at] = data[at : at + length] * chance.choice((1, 2, 50))
            case 5:
                other = chance.choice(self.inputs)
                data[at:] = other[chance.randint(0, len(other)) :]
            case 6:
                data[at : at + length] = chance.choice(self.tokens) * chance.choice((1, 3, 90))
            case _:
                data[at:at] = bytes([chance.choice(b'\x00\x7f\x80\xff\n\r \t"\\{}[]#-`*<>:0')])


def fuzzed(
    name: str, target: Target, modules: Sequence[str], tokens: Sequence[bytes], seconds: float, seed: int
) -> Fuzzer:
    """Fuzzes `target` from the corpus of that name. Raises AssertionError with input and seed."""
    inputs = [path.read_bytes() for path in sorted((CORPUS / name).iterdir())]
    fuzzer = Fuzzer(target, modules, tokens, random.Random(seed), inputs)
    try:
        fuzzer.run(seconds)
    except AssertionError as error:
        raise AssertionError(f"--seed {seed}, input {fuzzer.count}: {error}") from error
    return fuzzer


def main(name: str, target: Target, modules: Sequence[str], tokens: Sequence[bytes]) -> int:
    """The command line of a target: 0 when nothing broke it, 1 when something did."""
    parser = argparse.ArgumentParser(prog=f"tests/fuzz/{name}.py", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    logging.disable()  # what a library says of each bad input
    try:
        fuzzer = fuzzed(name, target, modules, tokens, options.seconds, options.seed)
    except AssertionError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{fuzzer.count:,} inputs, {len(fuzzer.reached)} lines reached, {len(fuzzer.inputs)} inputs kept")
    return 0
