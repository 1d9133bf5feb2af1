"""The endpoint as a web application: one recording, answered request by request."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from cairn_agents.recording import Recording, Turn
from cairn_server.replay.player import Over, Player
from cairn_server.replay.shapes import Answer, ChatRequest, Json, failure, models

Heard = Callable[[bytes, bool], None]
"""The body of a request, and whether it was made beside the run."""


def application(
    recording: Recording, name: str, pace: float = 0.0, heard: Heard = lambda body, side: None
) -> Starlette:
    """An OpenAI-compatible endpoint that plays `recording` to one run.

    `name` is what the recording is called in errors. `pace` is how many seconds each
    streamed turn takes, so that a person can follow; 0 is as fast as it goes. `heard` is
    told of each request that is one.
    """
    endpoint = _Endpoint(recording, name, pace, heard)
    return Starlette(
        routes=[
            Route("/v1/chat/completions", endpoint.complete, methods=["POST"]),
            Route("/v1/models", endpoint.models),
        ],
        # A web page that has its own name point at 127.0.0.1 must not read the recording.
        middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"])],
    )


class _NoSideTurn(Exception):
    """The caller is told: nothing was recorded for this request beside the loop."""


class _Endpoint:
    def __init__(self, recording: Recording, name: str, pace: float, heard: Heard) -> None:
        self._heard = heard
        self._recording = recording
        self._name = name
        self._pace = pace
        self._player = Player(recording)
        self._created = int(time.time())

    async def models(self, request: Request) -> Response:
        return JSONResponse(models(self._recording.model, self._created))

    async def complete(self, request: Request) -> Response:
        body = await request.body()
        try:
            asked = ChatRequest.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "body"
            return JSONResponse(failure(f"{where}: {first['msg']}", "invalid_request"), status_code=400)
        self._heard(body, asked.is_side)
        try:
            number, turn = self._turn(asked, body)
        except Over:
            return JSONResponse(failure(self._over(), "recording_over"), status_code=400)
        except _NoSideTurn as why:
            return JSONResponse(failure(str(why), "no_side_turn"), status_code=404)
        answer = Answer(turn, number, self._recording.model, int(time.time()))
        if not asked.stream:
            return JSONResponse(answer.whole())
        chunks = list(answer.chunks(asked.wants_usage))
        return StreamingResponse(self._stream(chunks), media_type="text/event-stream")

    def _turn(self, asked: ChatRequest, body: bytes) -> tuple[int, Turn]:
        """Raises Over, or _NoSideTurn: without those the run goes on, so that is no end of the recording."""
        if not asked.is_side:
            return self._player.answer(body, asked)
        try:
            number, turn = self._player.answer_side(body, asked)
        except Over:
            raise _NoSideTurn(
                f"the recording {self._name} has no further reply to a request beside the run"
            ) from None
        if turn.error and not turn.text:
            raise _NoSideTurn("this request came to nothing when it was recorded, too")
        return number, turn

    async def _stream(self, chunks: list[Json]) -> AsyncIterator[str]:
        pause = self._pace / len(chunks)
        for chunk in chunks:
            yield f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n"
            await asyncio.sleep(pause)
        yield "data: [DONE]\n\n"

    def _over(self) -> str:
        count = len(self._recording.turns)
        return (
            f"the recording {self._name} is over: all its {count} turns have been played; "
            "start `cairn replay` again to play it from the first"
        )
