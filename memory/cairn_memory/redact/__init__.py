"""Masks secrets before anything is stored, logged, remembered or sent to a model.

masker      the one object that does it, and the key of its placeholders
payloads    the same for every string of an event
known       values the host knows: its own keys, and those of the environment
forms       secrets that show what they are: prefixes, PEM, JWT, URLs
assignments secrets that only their name gives away: `password = ...`
lookalikes  what is no secret although it stands where one would
restore     puts back what a person's own file still holds, when it returns to an old version
"""

from cairn_memory.redact.known import environment_secrets
from cairn_memory.redact.masker import PLACEHOLDER, Masker, SecretMasker, workspace_key
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
