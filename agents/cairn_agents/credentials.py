"""Which key goes to which address: a key is sent only where the person who set it meant it to go."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from cairn_agents.config import LoadedConfig
from cairn_agents.config.load import OPENAI_KEY
from cairn_memory.redact import PLACEHOLDER, Masker

OPENAI = "https://api.openai.com/v1"


@dataclass(frozen=True, slots=True)
class Given:
    """A client's OPENAI_API_KEY, and the address it came with: "" when it came with none."""

    key: str
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Used:
    """Where a session sent a key before, and that key's `mark`."""

    base_url: str
    mark: str


def mark_of(key: str, masker: Masker) -> str:
    """What may be stored of a key: enough to know it again, not to guess it. "" for none, or one too short to mask."""
    if not key:
        return ""
    masker.learn(key)
    masked = masker.mask(key)
    return masked if masked.startswith(PLACEHOLDER) and key not in masked else ""


def key_for(
    base_url: str,
    given: Given | None,
    used: Used | None,
    loaded: LoadedConfig,
    environment: Mapping[str, str],
    masker: Masker,
) -> str:
    """The key to send to `base_url`, "" when none was meant for it.

    A client's key goes to the address it came with. When it came with none it goes to
    OpenAI, to the configured address if that is said to take OPENAI_API_KEY, and to
    where the session sent this very key before. The host's own goes to the configured address.
    """
    configured = loaded.config.model.base_url or OPENAI
    if given is not None and given.key:
        meant = [given.base_url] if given.base_url else [OPENAI]
        if not given.base_url and loaded.config.model.api_key_env == OPENAI_KEY:
            meant.append(configured)
        if not given.base_url and used is not None and used.mark and used.mark == mark_of(given.key, masker):
            meant.append(used.base_url)
        if any(same_address(base_url, address) for address in meant):
            return given.key
    return loaded.api_key(environment) if same_address(base_url, configured) else ""


def same_address(one: str, other: str) -> bool:
    """Whether two base URLs name the same place: upper case in the host and a last slash mean nothing."""
    return _plain(one) == _plain(other)


def _plain(url: str) -> tuple[str, str, str, str]:
    parts = urlsplit(url.strip())
    return parts.scheme.lower(), parts.netloc.lower(), parts.path.rstrip("/"), parts.query
