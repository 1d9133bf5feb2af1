"""The SDK is imported without what Cairn does not use, and still whole for who asks."""

import subprocess
import sys


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip()


def test_a_request_needs_no_part_of_the_responses_api() -> None:
    code = """
import sys
from cairn_agents.model.client import warm_up
warm_up()
print(sum(name.startswith("openai.types.responses.") for name in sys.modules))
"""
    assert int(run(code)) < 30, "without it there are some 250"


def test_what_was_left_out_is_there_for_who_asks() -> None:
    code = """
from cairn_agents.model.sdk import openai
from openai.types.responses import Response
print(Response.__name__, openai.types.responses.ResponseTextConfig.__name__)
"""
    assert run(code) == "Response ResponseTextConfig"


def test_other_imports_find_nothing_changed() -> None:
    code = """
import sys
before = list(sys.meta_path)
import cairn_agents.model.sdk
assert sys.meta_path == before
"""
    assert run(code) == ""
