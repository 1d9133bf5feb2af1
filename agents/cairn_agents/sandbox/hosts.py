"""The hosts that commands may reach through the proxy: exact names and `*.suffix`, with a port where it is no usual one."""

import ipaddress
import re
from collections.abc import Iterable

WEB = (80, 443)
"""Ports of a pattern without one."""
PATTERN = r"^(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*(:[0-9]{1,5})?$"
"""What a pattern in the settings looks like. Names that are not ASCII stand in their `xn--` form."""


def is_listed(host: str, port: int, patterns: Iterable[str]) -> bool:
    """Whether one of `patterns` lets `host` through. An address in numbers is never listed: nobody knows whose it is."""
    name = host.rstrip(".").lower()
    if not name or _is_address(name):
        return False
    return any(_fits(name, port, pattern.lower()) for pattern in patterns)


def is_public(address: str) -> bool:
    """Whether an address belongs to the internet, and not to this machine or the network around it."""
    found = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(found, "ipv4_mapped", None) or getattr(found, "sixtofour", None)
    if mapped is not None and not mapped.is_global:
        return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def _fits(name: str, port: int, pattern: str) -> bool:
    wanted, _, its_port = pattern.partition(":")
    if port not in ((int(its_port),) if its_port else WEB):
        return False
    if wanted.startswith("*."):
        return name.endswith(wanted[1:]) and len(name) > len(wanted) - 1
    return name == wanted.rstrip(".")


def _is_address(name: str) -> bool:
    """Also in the odd forms that a resolver takes for an address: `127.1`, `0x7f000001`, `2130706433`, `[::1]`."""
    last = name.rsplit(".", 1)[-1]
    return ":" in name or name.startswith("[") or re.fullmatch(r"[0-9]+|0x[0-9a-f]*", last) is not None
