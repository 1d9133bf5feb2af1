"""The command line. A command is imported when it is asked for, so each loads no more than it needs."""

import os
import sys
from argparse import Namespace
from collections.abc import Callable
from contextlib import ExitStack
from io import TextIOWrapper

from cairn_memory.places import UserFolders, Workspace
from cairn_server import launch
from cairn_server.terminal.arguments import parse
from cairn_server.terminal.connection import Connection, Dial
from cairn_server.terminal.exits import FAILED, INTERRUPTED, USAGE, CommandFailed
from cairn_server.terminal.sanitise import one_line

Command = Callable[[Namespace, Workspace, Dial], int]


def main(argv: list[str] | None = None) -> int:
    """Runs a command and returns its exit code. Raises SystemExit for --help and what cannot be parsed."""
    argv = sys.argv[1:] if argv is None else argv
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a mark that a console cannot show ends no run
    try:
        if argv[:1] == ["demo"]:  # their options are their own
            return _demo(argv[1:])
        if argv[:1] == ["replay"]:
            return _replay(argv[1:])
        options = parse(argv)
        workspace = _workspace(options)
        with ExitStack() as stack:
            return COMMANDS[options.command](options, workspace, _dial_of(workspace, stack))
    except CommandFailed as error:
        print(f"cairn: {one_line(str(error))}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read our output has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except Exception as error:
        if os.environ.get("CAIRN_DEBUG"):
            raise
        what = one_line(f"{type(error).__name__}: {error}")
        print(f"cairn: failed by a fault of its own ({what}); CAIRN_DEBUG=1 shows where", file=sys.stderr)
        raise SystemExit(FAILED) from error


def _workspace(options: Namespace) -> Workspace:
    try:
        return Workspace.of(options.cwd)
    except FileNotFoundError:
        raise CommandFailed(f"there is no folder {options.cwd}; say --cwd DIR", USAGE) from None
    except OSError as error:
        raise CommandFailed(str(error), USAGE) from error


def _dial_of(workspace: Workspace, stack: ExitStack) -> Dial:
    """Reaches the workspace's host; what was reached is let go of with the `stack`."""

    def dial(start: bool) -> Connection | None:
        try:
            channel = launch.connect(workspace, "rpc") if start else launch.find(workspace, "rpc")
        except launch.LaunchError as error:
            raise CommandFailed(str(error), FAILED) from error
        if channel is None:
            return None
        connection = Connection(channel.socket, channel.reader)
        stack.callback(connection.close)
        return connection

    return dial


# --- commands that work -------------------------------------------------------------------


def _run(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.choices import Choices
    from cairn_server.terminal.run import run

    return run(dial, str(workspace.root), options.prompt, options.mode, Choices.of(options))


def _attach(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.choices import Choices
    from cairn_server.terminal.run import attach

    return attach(dial, options.session, Choices.of(options))


def _resume(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.choices import Choices
    from cairn_server.terminal.run import resume

    return resume(dial, options.session, options.prompt, Choices.of(options), options.drift)


def _prompt(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.choices import Choices
    from cairn_server.terminal.prompt import prompt

    history = UserFolders.find().data / "prompts"
    return prompt(dial, str(workspace.root), options.mode, Choices.of(options), history)


# --- commands that tell -------------------------------------------------------------------


def _sessions(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    if options.action == "import":
        from cairn_server.terminal.imports import imports

        return imports(dial, options.files, options.json)
    from cairn_server.terminal.listing import sessions

    return sessions(dial, options.json)


def _show(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.show import as_replay, show

    if options.receipts:
        from cairn_server.terminal.window import receipts

        return receipts(dial, options.session, options.json)
    if options.as_replay:
        return as_replay(dial, options.session)
    return show(dial, options.session, options.json, options.reasoning, options.tail)


def _status(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.listing import status

    return status(dial, str(workspace.home), options.json)


def _config(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    if options.schema:
        from cairn_agents.config.schema import schema

        sys.stdout.write(schema())
    elif options.path:
        print(UserFolders.find().config_file)
        print(workspace.config)
    else:
        from cairn_server.terminal.settings import settings

        return settings(dial, options.json)
    return 0


# --- what is remembered -------------------------------------------------------------------


def _memory(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.memory.command import memory

    return memory(dial, options)


def _tasks(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.tasks import tasks

    return tasks(dial, options.json)


def _task(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.tasks import task

    return task(dial, options)


def _checkpoints(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.checkpoints import checkpoints

    return checkpoints(dial, options.session, options.json)


def _checkpoint(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.checkpoints import checkpoint

    return checkpoint(dial, options.session, options.json)


def _trail(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.trail import trail

    return trail(dial, options.session, options.json)


def _rebuild(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.checkpoints import rebuild

    return rebuild(dial, options.session, options.json)


def _window(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.window import window

    return window(dial, options)


def _redact(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.redacting import redact

    return redact(options)


def _why(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.why import why

    return why(dial, options.event, options.session, options.json)


def _report(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.report import report

    return report(dial, options.session, options.json, options.markdown)


def _grants(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.grants import grants, revoke

    if options.action == "revoke":
        return revoke(dial, " ".join(options.pattern), options.json)
    return grants(dial, options.json)


def _trust(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.trust import trust

    return trust(dial, options.yes, options.revoke, options.json)


def _diff(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.rewind.diff import diff

    return diff(dial, options)


def _rewind(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.rewind.rewind import rewind

    return rewind(dial, options)


def _proposals(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.proposals.command import proposals

    return proposals(dial, options)


def _fork(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.rewind.fork import fork

    return fork(dial, options)


def _audit(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.audit.command import audit

    return audit(dial, options)


def _gate(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_agents.gate.check import Checker
    from cairn_server.terminal.gate.command import gate

    checker = Checker.of(workspace, UserFolders.find(), options.mode)
    return gate(options, checker, checker.problems)


# --- the host, and everything around it ---------------------------------------------------


def _stop(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.terminal.stop import interrupt, stop_host

    if options.session is not None:
        return interrupt(dial, str(workspace.home), options.session)
    return stop_host(dial, str(workspace.home), options.force)


def _serve(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.host import main as serve

    return serve(["--workspace", str(workspace.root)])


def _lsp(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.relay import relay

    return relay(workspace)


def _sandbox(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    from cairn_server.sandboxed import sandboxed

    return sandboxed(workspace, options.cmd, options.network)


def _doctor(options: Namespace, workspace: Workspace, dial: Dial) -> int:
    if options.redact:
        from cairn_server.terminal.memory.deleting import redact

        return redact(dial)
    from cairn_server.doctor import doctor

    return doctor(workspace)


def _demo(argv: list[str]) -> int:
    from cairn_server.demo.run import main as demo

    return demo(argv)


def _replay(argv: list[str]) -> int:
    from cairn_server.replay.serve import main as replay

    return replay(argv)


COMMANDS: dict[str, Command] = {
    "": _prompt,
    "run": _run,
    "attach": _attach,
    "resume": _resume,
    "sessions": _sessions,
    "show": _show,
    "memory": _memory,
    "tasks": _tasks,
    "task": _task,
    "checkpoints": _checkpoints,
    "checkpoint": _checkpoint,
    "trail": _trail,
    "rebuild": _rebuild,
    "window": _window,
    "why": _why,
    "report": _report,
    "grants": _grants,
    "trust": _trust,
    "diff": _diff,
    "proposals": _proposals,
    "rewind": _rewind,
    "fork": _fork,
    "audit": _audit,
    "gate": _gate,
    "redact": _redact,
    "status": _status,
    "config": _config,
    "stop": _stop,
    "serve": _serve,
    "lsp": _lsp,
    "doctor": _doctor,
    "sandbox": _sandbox,
}


if __name__ == "__main__":
    sys.exit(main())
