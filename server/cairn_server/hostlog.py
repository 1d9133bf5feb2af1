"""The host's own log file: bounded, private to its owner, and without secrets."""

import logging
import os
from io import TextIOWrapper
from logging.handlers import RotatingFileHandler
from pathlib import Path

from cairn_memory.redact import Masker

FILE_BYTES = 1_000_000
FILES = 3
RECORD = 8_000
"""Characters of one record, its traceback included."""
_LOOKED_AT = 20 * RECORD
"""Characters of a record that are masked. What is left at this cut of a secret goes with the next one."""


class _Masked(logging.Formatter):
    """Masks the finished text: a secret may come in by any part of a record."""

    def __init__(self, masker: Masker) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")
        self._masker = masker

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        if len(text) > _LOOKED_AT:
            text = _shortened(text, _LOOKED_AT)
        masked = self._masker.mask(text)
        return masked if len(masked) <= RECORD else _shortened(masked, RECORD)


def _shortened(text: str, limit: int) -> str:
    return f"{text[: limit // 2]}\n[...]\n{text[-limit // 2 :]}"


class _Private(RotatingFileHandler):
    def _open(self) -> TextIOWrapper:
        os.close(os.open(self.baseFilename, os.O_CREAT | os.O_WRONLY, 0o600))
        return super()._open()


def log_to(path: Path, masker: Masker) -> None:
    """Sends everything that this process logs to `path`. Raises OSError."""
    handler = _Private(path, maxBytes=FILE_BYTES, backupCount=FILES - 1, encoding="utf-8", errors="replace")
    handler.setFormatter(_Masked(masker))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    # Both log whole messages and a traceback for every refusal; what matters of it we log ourselves.
    for name in ("pygls", "jsonrpcserver", "httpx2", "httpcore2", "openai"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
