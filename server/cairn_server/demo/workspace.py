"""The folder the demo works in: a small project under git, and a CAIRN_HOME of its own."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from cairn_server.demo.logbooks import logbooks

PROJECT = Path(__file__).parent / "project"
SUFFIX = ".txt"
"""Every shipped file of the project ends so: our own tools must not take it for our code."""


_GIT_SECONDS = 60
_TESTS_SECONDS = 300


@dataclass(frozen=True, slots=True)
class SuiteRun:
    """One run of the project's tests: how many there are, and how many of them failed."""

    ran: int
    failed: int

    @property
    def green(self) -> bool:
        return self.ran > 0 and self.failed == 0

    def __str__(self) -> str:
        return f"{self.ran - self.failed} of {self.ran} pass"


@dataclass(frozen=True, slots=True)
class DemoWorkspace:
    """The project's `root` and the `home` that stands for all user-level data."""

    root: Path
    home: Path

    @classmethod
    def make(cls, folder: Path) -> "DemoWorkspace":
        """Writes the project into `folder` and commits it. Raises OSError, subprocess.CalledProcessError."""
        workspace = cls(folder / "island-ferries", folder / "cairn-home")
        for source in sorted(PROJECT.rglob(f"*{SUFFIX}")):
            target = workspace.root / source.relative_to(PROJECT).with_suffix("")
            target.parent.mkdir(parents=True, exist_ok=True)
            # Read as text: a checkout on Windows may have other line endings, the recorded edits do not.
            target.write_text(source.read_text(encoding="utf-8"), encoding="utf-8", newline="\n")
        folder = workspace.root / "data" / "logbooks"
        folder.mkdir(parents=True)
        for logbook in logbooks():
            (folder / f"{logbook.key}.log").write_text(str(logbook), encoding="utf-8", newline="\n")
        workspace.commit("Island ferries")
        return workspace

    def commit(self, message: str) -> None:
        """Makes the project a repository with one commit. Raises OSError, subprocess.CalledProcessError."""
        for command in (
            ("init", "-q", "-b", "main"),
            ("config", "user.name", "Cairn demo"),
            ("config", "user.email", "demo@localhost"),
            ("config", "commit.gpgsign", "false"),
            ("add", "-A"),
            ("commit", "-q", "-m", message),
        ):
            self._git(*command)

    def environment(self) -> dict[str, str]:
        """The caller's own, without what would point Cairn anywhere else; `python3` is this Python."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("CAIRN_", "OPENAI_"))
        }
        path = os.pathsep.join([str(Path(sys.executable).parent), kept.get("PATH", os.defpath)])
        return {**kept, "PATH": path, "CAIRN_HOME": str(self.home)}

    def test(self) -> SuiteRun:
        """Runs the project's tests in a process of their own, whatever anybody says about them."""
        done = subprocess.run(
            (sys.executable, "-m", "unittest"),
            check=False,
            cwd=self.root,
            env=self.environment(),
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=_TESTS_SECONDS,
        )
        ran = re.search(r"^Ran (\d+) tests?", done.stderr, re.MULTILINE)
        failed = {line for line in done.stderr.splitlines() if line.startswith(("FAIL: ", "ERROR: "))}
        return SuiteRun(int(ran[1]) if ran else 0, len(failed) or done.returncode)

    def changed(self) -> list[str]:
        """The files that differ from the first commit or are new, as git sees it."""
        listed = self._git("-c", "core.quotepath=off", "ls-files", "-m", "-o", "--exclude-standard")
        return sorted(set(listed.splitlines()))

    def _git(self, *arguments: str) -> str:
        done = subprocess.run(
            ("git", *arguments),
            cwd=self.root,
            check=True,
            capture_output=True,
            encoding="utf-8",
            timeout=_GIT_SECONDS,
        )
        return done.stdout
