"""A blob is named by its content, stored once, and checked when it is read."""

import os
from pathlib import Path

import pytest

from cairn_memory import files
from cairn_memory.blobs import BlobStore
from cairn_memory.errors import StoreDamaged, StoreFull
from cairn_memory.events import BlobRef


@pytest.fixture
def blobs(tmp_path: Path) -> BlobStore:
    return BlobStore(tmp_path / "blobs")


def test_what_was_put_is_got(blobs: BlobStore) -> None:
    for data in (b"", b"text", bytes(range(256)) * 1000):
        ref = blobs.put(data)
        assert ref.size == len(data)
        assert blobs.get(ref) == data


def test_the_same_content_is_stored_once(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    first = blobs.put(b"the same")
    monkeypatch.setattr("cairn_memory.blobs.write_atomically", None)
    assert blobs.put(b"the same") == first


@pytest.mark.parametrize("content", [b"", b"other", b"the sane"])
def test_a_damaged_blob_is_noticed(blobs: BlobStore, content: bytes) -> None:
    ref = blobs.put(b"the same")
    blobs.path(ref).write_bytes(content)
    with pytest.raises(StoreDamaged, match="other bytes"):
        blobs.get(ref)


def test_a_missing_blob_is_noticed(blobs: BlobStore) -> None:
    ref = blobs.put(b"gone")
    blobs.discard(ref)
    blobs.discard(ref)
    with pytest.raises(StoreDamaged, match="cannot be read"):
        blobs.get(ref)


def test_a_torn_blob_is_replaced_when_its_content_comes_again(blobs: BlobStore) -> None:
    ref = blobs.put(b"content")
    blobs.path(ref).write_bytes(b"cont")
    assert blobs.get(blobs.put(b"content")) == b"content"


@pytest.mark.parametrize("digest", ["", "../../etc/passwd", "ab/" + "c" * 62, "A" * 64, "g" * 64, "a" * 65])
def test_a_name_that_is_no_digest_leads_nowhere(blobs: BlobStore, digest: str) -> None:
    ref = BlobRef(digest=digest, size=1)
    for use in (blobs.path, blobs.get, blobs.discard):
        with pytest.raises(StoreDamaged):
            use(ref)


def test_a_full_disk_is_told(blobs: BlobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(StoreFull):
        blobs.put(b"x" * 1000)


@pytest.mark.skipif(os.name != "posix", reason="permission bits")
def test_blobs_are_private(blobs: BlobStore) -> None:
    assert blobs.path(blobs.put(b"x")).stat().st_mode & 0o077 == 0
