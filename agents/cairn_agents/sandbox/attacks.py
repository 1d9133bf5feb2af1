"""What a hostile command would try, and whether a sandbox held. `cairn doctor` runs them, and so do the tests.

Each attack is a script for bash that says GOT when it got through; where that can be seen from outside it is
looked at from outside as well. They are never run without a sandbox, and always in the folder of their ground.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cairn_agents.sandbox.base import Grant, Launch, Sandbox, SandboxError
from cairn_agents.sandbox.ground import SECRET, Ground

SECONDS = 30.0
"""For one attack."""
_OUTPUT = 100_000
"""Bytes of its output that are looked at."""

Script = Callable[[Ground], str]
Check = Callable[[Ground, str], bool]


@dataclass(frozen=True, slots=True)
class Attack:
    """`through` tells from the output, and from the ground, whether it got through."""

    name: str
    script: Script
    through: Check


@dataclass(frozen=True, slots=True)
class Outcome:
    name: str
    held: bool
    output: str = ""


async def besiege(sandbox: Sandbox, ground: Ground) -> AsyncIterator[Outcome]:
    """Tries every attack on a `sandbox` made for the `ground`, one after another. Raises SandboxError."""
    for attack in ATTACKS:
        script = f"cd '{ground.root}' || exit 9\n{attack.script(ground)}"
        launch = await sandbox.launch(["bash", "-c", script], Grant())
        if launch.kind == "none":
            launch.close()
            raise SandboxError("there is no sandbox, so no attack was tried")
        output = await _output(launch, ground)
        await sandbox.tidy(launch)
        await sandbox.settled()
        yield Outcome(attack.name, not attack.through(ground, output), output)


async def _output(launch: Launch, ground: Ground) -> str:
    try:
        child = await asyncio.create_subprocess_exec(
            *launch.argv,
            cwd=ground.root,
            env=dict(launch.env),
            pass_fds=launch.pass_fds,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
    finally:
        launch.close()
    try:
        async with asyncio.timeout(SECONDS):
            said, _ = await child.communicate()
        return said[:_OUTPUT].decode("utf-8", "replace")
    except TimeoutError:
        return "it did not end"
    finally:
        with suppress(ProcessLookupError):
            child.kill()


# --- pieces -------------------------------------------------------------------------------


def _python(code: str) -> str:
    """A script that runs `code`, which says GOT by reaching its end."""
    quoted = (code + "\nprint('GOT')").replace("'", "'\\''")
    return f"{sys.executable} -I -S -c '{quoted}'"


def _call(number: str, *arguments: int) -> str:
    """A system call by its numbers on x86_64 and others; getting anything but EPERM, ENOSYS or EACCES is getting through."""
    given = "".join(f", {argument}" for argument in arguments)
    return _python(
        f"import ctypes, platform\nx86 = platform.machine() == 'x86_64'\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        f"done = libc.syscall({number}{given})\nassert done >= 0 or ctypes.get_errno() not in (1, 13, 38)"
    )


def _connect(family: str, address: str) -> str:
    return _python(
        f"import socket\ns = socket.socket(socket.{family})\ns.settimeout(5)\ns.connect({address})"
    )


def _got(ground: Ground, output: str) -> bool:
    return "GOT" in output or SECRET in output


def _written(ground: Ground, output: str) -> bool:
    written = ground.victim.read_text(encoding="utf-8") != "as it was\n"
    ground.victim.write_text("as it was\n", encoding="utf-8")
    return written or _got(ground, output)


def _sent(ground: Ground, output: str) -> bool:
    return ground.datagram_came()


def _left_behind(ground: Ground, output: str) -> bool:
    return ground.runs_still()


def _made(place: Callable[[Ground], Path]) -> Check:
    """Whether a file came to be that should not; it is removed."""

    def check(ground: Ground, output: str) -> bool:
        path = place(ground)
        made = path.is_file() or path.is_symlink()
        with suppress(OSError):
            path.unlink(missing_ok=True)
        return made

    return check


def _changed(name: str) -> Check:
    """Whether the file `name` in the work tree says GOT."""

    def check(ground: Ground, output: str) -> bool:
        path = ground.root / name
        return path.is_file() and "GOT" in path.read_text(encoding="utf-8", errors="replace")

    return check


def _in_home(ground: Ground) -> Path:
    return Path.home() / f".cairn-attack-{ground.mark}"


def _in_system(ground: Ground) -> Path:
    return Path(f"/usr/cairn-attack-{ground.mark}")


def _to_victim(ground: Ground) -> str:
    return f"echo GOT 2>/dev/null > '{ground.victim}'"


ATTACKS: tuple[Attack, ...] = (
    Attack("write outside the work tree", _to_victim, _written),
    Attack("remount read-write, then write outside",
           lambda g: f"mount -o remount,rw,bind / ; {_to_victim(g)}", _written),
    Attack("write through a symlink", lambda g: f"ln -sfn '{g.victim.parent}' l; echo GOT > l/file", _written),
    Attack("write through a hard link", lambda g: f"ln '{g.victim}' h; echo GOT > h && cat '{g.victim}'", _written),
    Attack("write into the system", lambda g: f"echo x > '{_in_system(g)}'", _made(_in_system)),
    Attack("write into the home folder", lambda g: f"echo x > '{_in_home(g)}'", _made(_in_home)),
    Attack("read the folders around the work tree", lambda g: f"grep -q was '{g.victim}' && echo GOT", _got),
    Attack("read the home folder",
           lambda g: f"ls -d '{Path.home()}'/.ssh '{Path.home()}'/.aws '{Path.home()}'/.bash* '{Path.home()}'/.profile && echo GOT; true", _got),
    Attack("read the passwords of the machine", lambda g: "cat /etc/shadow | grep -q . && echo GOT", _got),
    Attack("read the host's token", lambda g: f"cat '{g.workspace.local}/host.json'", _got),
    Attack("connect to the host's Unix socket", lambda g: _connect("AF_UNIX", repr(str(g.door))), _got),
    Attack("connect to an abstract Unix socket", lambda g: _connect("AF_UNIX", f"chr(0) + {g.abstract!r}"), _got),
    Attack("connect to a TCP port of the machine", lambda g: _connect("AF_INET", f"('127.0.0.1', {g.tcp_port})"), _got),
    Attack("send a UDP datagram",
           lambda g: _python(f"import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', {g.udp_port}))"), _sent),
    Attack("ask the kernel by netlink", lambda g: _python("import socket\nsocket.socket(16, socket.SOCK_RAW, 0)"), _got),
    Attack("signal another process", lambda g: f"kill -0 {g.pid} && echo GOT", _got),
    Attack("read another process's environment", lambda g: "cat /proc/[0-9]*/environ | tr '\\0' '\\n' | grep PLANTED", _got),
    Attack("see the host's own variables", lambda g: "env | grep -i -E 'API_KEY|TOKEN|SECRET|PASSWORD' && echo GOT", _got),
    Attack("look into a process by ptrace",
           lambda g: _call("101 if x86 else 117", 16, g.pid, 0, 0), _got),
    Attack("type into a terminal", lambda g: _python("import fcntl, os\nfcntl.ioctl(os.openpty()[1], 0x5412, b'x')"), _got),
    Attack("leave a process behind", lambda g: f"setsid bash -c 'exec -a left-{g.mark} sleep 120' > /dev/null 2>&1 & sleep 0.1", _left_behind),
    Attack("make a user namespace", lambda g: "unshare -Ur true && echo GOT", _got),
    Attack("mount a file system", lambda g: "mkdir -p m; mount -t tmpfs none m && echo GOT", _got),
    Attack("make a device", lambda g: "mknod d c 1 1 && head -c 1 d > /dev/null && echo GOT", _got),
    Attack("set what the kernel runs", lambda g: "exec 3<> /proc/sys/kernel/core_pattern && echo GOT", _got),
    Attack("set what a device does", lambda g: "for f in /sys/kernel/uevent_helper /sys/kernel/profiling /sys/fs/cgroup/*/release_agent; do ( [ -f $f ] && exec 3<> $f && echo GOT ); done; true", _got),
    Attack("use io_uring", lambda g: _call("425", 1, 0), _got),
    Attack("use the kernel's keys", lambda g: _call("250 if x86 else 219", 0, -3, 0), _got),
    Attack("write a git hook", lambda g: "echo GOT > .git/hooks/pre-commit", _changed(".git/hooks/pre-commit")),
    Attack("have git run a program", lambda g: "git config core.fsmonitor GOT; echo GOT >> .git/config", _changed(".git/config")),
    Attack("put another .git in its place",
           lambda g: "mv .git .git2 && mkdir -p .git/hooks && echo GOT > .git/hooks/pre-commit", _changed(".git/hooks/pre-commit")),
    Attack("lead git to other settings", lambda g: "echo ../evil > .git/commondir", _made(lambda g: g.root / ".git/commondir")),
    Attack("change AGENTS.md", lambda g: "echo GOT >> AGENTS.md; sed -i s/was/GOT/ AGENTS.md; rm -f AGENTS.md; echo GOT > AGENTS.md", _changed("AGENTS.md")),
    Attack("make CLAUDE.md", lambda g: "echo GOT > CLAUDE.md", _changed("CLAUDE.md")),
    Attack("make tasks for an editor", lambda g: "mkdir -p .vscode; echo GOT > .vscode/tasks.json", _changed(".vscode/tasks.json")),
    Attack("make servers for an agent", lambda g: "echo GOT > .mcp.json", _changed(".mcp.json")),
    Attack("change Cairn's settings", lambda g: "echo GOT > .cairn/config.toml; mv .cairn c; mkdir .cairn; echo GOT > .cairn/config.toml", _changed(".cairn/config.toml")),
)  # fmt: skip
