"""What was done: files, commands with their results, and errors that nothing has made good yet."""

import re
from dataclasses import dataclass, field, replace

from cairn_memory.places import moved

FILES = 1_500
COMMANDS = 300
ERRORS = 60
"""How many of each are kept; the oldest are forgotten first."""
LINE = 240
"""Characters of a line that is kept from an output."""

_ERROR = re.compile(
    r"(?i)(?<![\w-])(?:errors?|exceptions?|fail(?:s|ed|ure|ures|ing)?|fatal|panic(?:ked)?|traceback|"
    r"undefined|unresolved|unexpected|invalid|denied|refused|missing|cannot|can't|could not|unable|"
    r"not found|no such|does not exist|timed? ?out)(?![\w-])|\b[A-Z]\w*(?:Error|Exception)\b|\bFAIL\b|✗|✖"
)
_ALL_WELL = re.compile(
    r"(?i)\b(?:0|no) (?:errors?|failures?|failed|issues)\b|^(?:--- PASS|=== RUN|ok\b|PASS\b|✓|✔)"
)
_SOURCE = re.compile(r"^\d+\s*[→|:\t]")
_TEST = re.compile(
    r"(?i)\b(?:pytest|unittest|go test|cargo (?:test|nextest)|npm (?:run )?\S*test\S*|yarn \S*test|pnpm \S*test|"
    r"npx (?:tsx|jest|vitest|mocha)|vitest|jest|make \S*(?:test|check)\S*|mise run \S*test\S*|ctest|tox|rspec|"
    r"phpunit|mvn \S*test|gradle\w* \S*test|node --test|bun test|deno test)"
)
_PARTS = re.compile(r"&&|;|\n")
_SHOWS = re.compile(
    r"(?:sudo )?(?:cat|grep|egrep|rg|ag|head|tail|sed -n|awk|ls|find|fd|tree|wc|less|jq|sleep|stat|which|pwd|"
    r"git (?:diff|show|log|status|blame|grep|branch|stash list))\b"
)


@dataclass(slots=True)
class FileFact:
    """One file. Numbers of events are 0 where it never was read or changed; `hash` is of its bytes after the last change."""

    path: str
    reads: int = 0
    changes: int = 0
    read: int = 0
    changed: int = 0
    time: int = 0
    hash: str = ""


@dataclass(frozen=True, slots=True)
class CommandFact:
    """A command and how it last went; `failed` is None when nobody knows."""

    command: str
    event: int
    failed: bool | None
    exit_code: int | None = None
    result: str = ""
    runs: int = 1


@dataclass(frozen=True, slots=True)
class ErrorFact:
    """Lines of one failure. `fixed` is the event at which the same thing went well, 0 while it is open."""

    about: str
    event: int
    lines: tuple[str, ...]
    fixed: int = 0
    sure: bool = True


@dataclass(slots=True)
class Work:
    """All of it, bounded."""

    files: dict[str, FileFact] = field(default_factory=dict[str, FileFact])
    commands: dict[str, CommandFact] = field(default_factory=dict[str, CommandFact])
    errors: list[ErrorFact] = field(default_factory=list[ErrorFact])
    tests: CommandFact | None = None

    def read(self, path: str, event: int, time: int) -> None:
        fact = self._file(path)
        fact.reads, fact.read, fact.time = fact.reads + 1, event, time

    def changed(self, path: str, event: int, time: int, digest: str = "") -> None:
        fact = self._file(path)
        fact.changes, fact.changed, fact.time, fact.hash = fact.changes + 1, event, time, digest

    def move(self, old: str, new: str) -> None:
        """The folder `old` lies at `new` now, and the files in it."""
        moved_files = [replace(fact, path=moved(fact.path, old, new)) for fact in self.files.values()]
        self.files = {fact.path: fact for fact in moved_files}

    def ran(self, command: str, event: int, failed: bool | None, code: int | None, text: str) -> None:
        """A command came to an end. Its errors are open until the same command goes well."""
        key = " ".join(command.split())[:LINE]
        before = self.commands.pop(key, None)
        fact = CommandFact(
            command[:2_000], event, failed, code, last_line(text), before.runs + 1 if before else 1
        )
        self.commands[key] = fact
        if len(self.commands) > COMMANDS:
            del self.commands[next(iter(self.commands))]
        if is_test(command):
            self.tests = fact
        about = program(command)
        if not shows(about):
            self.went(about, event, failed, text)
        elif failed and error_lines(text):
            self.went(about, event, True, text)

    def went(self, about: str, event: int, failed: bool | None, text: str) -> None:
        """Something came to an end: an error when it failed, else what makes earlier errors of the same thing good."""
        lines = error_lines(text) if failed is not False or text else ()
        if failed or lines:
            self.errors.append(ErrorFact(about, event, lines or (last_line(text),), sure=bool(failed)))
            del self.errors[:-ERRORS]
        if not failed and not lines and any(e.about == about and not e.fixed for e in self.errors):
            self.errors = [
                replace(error, fixed=event) if error.about == about and not error.fixed else error
                for error in self.errors
            ]

    def _file(self, path: str) -> FileFact:
        fact = self.files.pop(path, None) or FileFact(path)
        self.files[path] = fact
        if len(self.files) > FILES:
            self._forget_files()
        return fact

    def _forget_files(self) -> None:
        """A quarter of them goes: those that only were read, then the oldest."""
        order = sorted(self.files.values(), key=lambda fact: (fact.changes > 0, max(fact.read, fact.changed)))
        for fact in order[: FILES // 4]:
            del self.files[fact.path]


def is_test(command: str) -> bool:
    """Whether `command` runs tests, by the names of the usual runners."""
    return _TEST.search(command) is not None


def shows(about: str) -> bool:
    """Whether a program only looks: an error in its output is somebody's text, and no match is no failure."""
    return _SHOWS.match(about) is not None


def program(command: str) -> str:
    """What a command is about, so that its next run can be known again: the last part that is no filter, at most six words."""
    parts = [part.strip() for part in _PARTS.split(command) if part.strip()]
    worth = [part for part in parts if not part.startswith(("cd ", "export ", "echo ", "set "))] or parts
    words = (worth[-1] if worth else "").partition("|")[0].replace("2>&1", "").split()
    return " ".join(words[:6])


def error_lines(text: str, most: int = 8) -> tuple[str, ...]:
    """Lines of an output that tell of a failure, without those that show source code; the last `most`."""
    found: list[str] = []
    for line in reversed(text.splitlines()):
        line = line.strip()
        if len(line) < 12 or _SOURCE.match(line) or not _ERROR.search(line) or _ALL_WELL.search(line):
            continue
        if (line := line[:LINE]) not in found:
            found.append(line)
        if len(found) == most:
            break
    return tuple(reversed(found))


def last_line(text: str) -> str:
    """The last line with something in it."""
    for line in reversed(text[-4_000:].splitlines()):
        if line.strip():
            return line.strip()[:LINE]
    return ""
