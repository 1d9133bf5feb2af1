"""Masks secrets before anything is stored, logged, remembered or sent to a model.

masker      the one object that does it, and the key of its placeholders
payloads    the same for every string of an event
known       values the host knows: its own keys, and those of the environment
stream      a text of any length, masked in bounded memory
forms       how a secret that shows what it is is found: by a literal, a pattern, a judgement
prefixes    the marks of providers' keys and tokens
shapes      secrets known by what stands in their midst
structures  private keys, passwords in addresses, signatures
encoded     secrets in base64
commands    passwords on command lines of well-known programs
cookies     session values in headers
assignments secrets that only their name gives away: `password = ...`
names       which names do
values      where such a value ends, and whether it looks like a secret
lookalikes  what is no secret although it stands where one would
restore     puts back what a person's own file still holds, when it returns to an old version
"""

from typing import TYPE_CHECKING, Any

from cairn_memory.redact.known import environment_secrets
from cairn_memory.redact.masker import PLACEHOLDER, Masker, SecretMasker, workspace_key

if TYPE_CHECKING:
    from cairn_memory.redact.payloads import Masked, masked

__all__ = [
    "PLACEHOLDER",
    "Masked",
    "Masker",
    "SecretMasker",
    "environment_secrets",
    "masked",
    "workspace_key",
]


def __getattr__(name: str) -> Any:
    """What masks events comes when it is asked for: `cairn redact` masks none, and starts without their models."""
    if name not in ("Masked", "masked"):
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from cairn_memory.redact import payloads

    return getattr(payloads, name)
