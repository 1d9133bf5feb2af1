"""Asks a model endpoint which models it has, to see whether it is there and takes the key."""

import http.client
import json
from typing import Any, NamedTuple
from urllib.parse import urlsplit

SECONDS = 2.0
LONGEST = 2_000_000
"""Bytes of an answer; lists of models are long at some providers."""


class Answer(NamedTuple):
    """`trouble` says what is wrong and `advice` what to do; both "" when the endpoint answers."""

    models: tuple[str, ...] = ()
    trouble: str = ""
    advice: str = ""


def probe(base_url: str, api_key: str) -> Answer:
    """GET `base_url`/models, following no redirect: the key goes to this address only. Raises nothing."""
    parts = urlsplit(base_url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SECONDS)
    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {api_key}"} if api_key else {})
    try:
        connection.request("GET", f"{parts.path.rstrip('/')}/models", headers=headers)
        response = connection.getresponse()
        body = response.read(LONGEST)
    except (OSError, http.client.HTTPException) as error:
        return Answer(
            trouble=f"{base_url} does not answer ({error or type(error).__name__})",
            advice="start the server, or correct OPENAI_BASE_URL or model.base_url",
        )
    finally:
        connection.close()
    if response.status in (401, 403):
        given = "refuses the key" if api_key else "wants a key"
        return Answer(trouble=f"{base_url} {given} ({response.status})", advice="set OPENAI_API_KEY for it")
    return Answer(_names(body) if response.status == 200 else ())


def _names(body: bytes) -> tuple[str, ...]:
    """An endpoint may well work and have no such list; then nothing is known."""
    try:
        found: Any = json.loads(body)
        return tuple(str(each["id"]) for each in found["data"])
    except (ValueError, KeyError, TypeError):
        return ()
