"""What stands in the window already, or would fill a small one by itself, does not go in."""

from pathlib import Path

from deadlines import deadline
from harness import Harness, harness
from scripted_provider import Script, call, calls, judgement, say

from cairn_agents.room import longest_output
from cairn_memory.events import CheckpointStarted, CheckpointWritten, ToolFinished, WindowStarted

TEXT = "".join(f"line {number} of a file that is read again\n" for number in range(60))


async def results(h: Harness, name: str = "read") -> list[str]:
    found = [each for each in await h.payloads(ToolFinished.kind) if isinstance(each, ToolFinished)]
    return [each.text for each in found if each.name == name]


def lay_out(h: Harness) -> None:
    (h.root / "a.txt").write_text(TEXT, encoding="utf-8")


async def test_a_file_that_stands_unchanged_in_the_window_is_not_sent_again(tmp_path: Path) -> None:
    read = call("read", path="a.txt")
    async with harness(tmp_path, [read, read, say("ok")]) as h:
        lay_out(h)
        await h.run()
        first, second = await results(h)
        assert first.count("\n") == 59 and second.startswith("[Unchanged") and f"{len(first):,}" in second
        assert h.provider.requests[-1].body.count(b"line 7 of a file") == 1


async def test_a_file_that_changed_is_sent_again_however_it_changed(tmp_path: Path) -> None:
    turns = [
        call("read", path="a.txt"),
        call("edit", path="a.txt", old="line 7 of", new="LINE 7 of"),
        call("read", path="a.txt"),
        call("bash", command="sed -i s/line/Line/ a.txt"),
        call("read", path="a.txt"),
        say("ok"),
    ]
    async with harness(tmp_path, turns) as h:
        lay_out(h)
        await h.run()
        assert [text.count("\n") for text in await results(h)] == [59, 59, 59]


async def test_another_range_of_the_same_file_is_sent(tmp_path: Path) -> None:
    both = calls(("read", {"path": "a.txt"}), ("read", {"path": "a.txt", "offset": 2}))
    async with harness(tmp_path, [both, call("read", path="a.txt", limit=59), say("ok")]) as h:
        lay_out(h)
        await h.run()
        assert not any(text.startswith("[Unchanged") for text in await results(h))


async def test_after_a_rebuild_a_file_is_sent_whole_again(tmp_path: Path) -> None:
    fill = 'for i in $(seq 1 80); do echo "line $i of step {0} says lorem ipsum"; done'
    turns: list[Script] = [call("read", path="a.txt")]
    for step in range(16):
        turns += [call("bash", command=fill.format(step)), call("read", path="a.txt")]
    async with harness(tmp_path, [*turns, say("ok")], window=12_000) as h:
        lay_out(h)
        assert (await h.run(window=12_000)).state == "done"
        rebuilt = [each for each in await h.events(WindowStarted.kind) if each.seq > 10]
        assert len(rebuilt) >= 2
        finished = await h.events(ToolFinished.kind)
        for window in rebuilt:
            reads = [each.payload for each in finished if each.seq > window.seq]
            again = [each for each in reads if isinstance(each, ToolFinished) and each.name == "read"]
            assert not again or not again[0].text.startswith("[Unchanged")


async def test_it_is_the_same_after_a_restart(tmp_path: Path) -> None:
    read = call("read", path="a.txt")
    async with harness(tmp_path, [read, say("ok"), read, say("ok")]) as h:
        lay_out(h)
        info = await h.run()
        await h.resume(info.session, "read it again")
        assert (await results(h))[1].startswith("[Unchanged")


async def test_a_command_does_not_fill_a_small_window_and_its_whole_output_is_kept(tmp_path: Path) -> None:
    turns = [call("bash", command="seq 1 4000"), say("ok")]
    async with harness(tmp_path / "small", turns) as h:
        await h.run(window=32_000)
        (small,) = await results(h, "bash")
        assert len(small) < longest_output(32_000) + 300 < 8_000
        assert small.startswith("1\n2\n") and "\n4000\n[the whole output: " in small
    async with harness(tmp_path / "large", turns) as h:
        await h.run(window=200_000)
        (large,) = await results(h, "bash")
        assert large.count("\n") == 3_999


async def test_each_mark_makes_a_checkpoint_and_the_model_is_asked_where_enough_is_new(
    tmp_path: Path,
) -> None:
    turns = [*(call("bash", command=f"seq {n}000 {n}999") for n in range(1, 21)), say("ok")]
    async with harness(tmp_path, turns, side=[judgement(), judgement()], window=48_000) as h:
        await h.run(window=48_000)
        begun = [
            each for each in await h.payloads(CheckpointStarted.kind) if isinstance(each, CheckpointStarted)
        ]
        assert [each.marks for each in begun] == [1, 2, 3]
        async with deadline():
            while len(await h.payloads(CheckpointWritten.kind)) < 3:
                await h.log.wait(h.log.last_seq)
        assert len(h.provider.side_requests) == 2, "at the first mark hardly anything is new"
