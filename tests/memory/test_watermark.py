"""The mark outside the database survives a torn write and a full disk."""

from pathlib import Path

import pytest

from cairn_memory.chain import Mark
from cairn_memory.watermark import Watermark, read_mark

FIRST, SECOND, THIRD = (Mark(seq, bytes([seq]) * 16) for seq in (1, 2, 3))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "watermark"


def written(path: Path, *marks: Mark) -> None:
    watermark = Watermark(path)
    for mark in marks:
        watermark.write(mark)
    watermark.close()


def test_the_newest_mark_is_found_again(path: Path) -> None:
    for upto in (1, 2, 3):
        written(path, *(FIRST, SECOND, THIRD)[:upto])
        assert read_mark(path) == (FIRST, SECOND, THIRD)[upto - 1]


@pytest.mark.parametrize("torn_at", range(37))
def test_a_torn_write_leaves_the_mark_before_it(path: Path, torn_at: int) -> None:
    written(path, FIRST, SECOND)
    before = path.read_bytes()
    written(path, THIRD)
    after = path.read_bytes()
    start = next(index for index in range(len(before)) if before[index] != after[index]) // 512 * 512
    path.write_bytes(before[:start] + after[start : start + torn_at] + before[start + torn_at :])
    assert read_mark(path) in (SECOND, THIRD if torn_at == 36 else SECOND)
    watermark = Watermark(path)
    watermark.write(THIRD)
    watermark.close()
    assert read_mark(path) == THIRD


def test_a_write_that_follows_never_touches_the_newest_slot(path: Path) -> None:
    watermark = Watermark(path)
    watermark.write(FIRST)
    for mark in (SECOND, THIRD):
        before = read_mark(path)
        data = path.read_bytes()
        watermark.write(mark)
        changed = {
            index // 512
            for index, pair in enumerate(zip(data, path.read_bytes(), strict=True))
            if pair[0] != pair[1]
        }
        assert len(changed) == 1
        (slot,) = changed
        kept = path.read_bytes()[(1 - slot) * 512 :][:512]
        assert kept == data[(1 - slot) * 512 :][:512]
        assert before is not None and before.chain in kept
    watermark.close()


@pytest.mark.parametrize("content", [b"", b"short", b"\0" * 1024, b"\xff" * 1024, b"cairnwm1" * 200])
def test_a_file_without_a_sound_mark_has_none_and_can_be_written(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert read_mark(path) is None
    written(path, FIRST)
    assert read_mark(path) == FIRST


def test_reading_makes_no_file(path: Path) -> None:
    assert read_mark(path) is None
    assert not path.exists()


def test_both_slots_have_their_room_from_the_start(path: Path) -> None:
    Watermark(path).close()
    assert path.stat().st_size == 1024
    assert path.stat().st_blocks > 0
