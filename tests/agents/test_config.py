"""Settings: what the files say holds, what is wrong in them is one line, and a project may only narrow."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from cairn_agents.config import Config, LoadedConfig, load_config
from cairn_agents.config.keys import settings
from cairn_agents.config.layer import LARGEST_FILE
from cairn_agents.config.schema import PUBLISHED, schema
from cairn_agents.gate.permission import Gate
from cairn_agents.tools.base import Arguments, Plan
from cairn_memory.sessions import SessionFold


class Files:
    """The two settings files of a test, and what becomes of them."""

    def __init__(self, folder: Path) -> None:
        self.user = folder / "user.toml"
        self.project = folder / "project.toml"

    def load(self, user: str = "", project: str = "", **environment: str) -> LoadedConfig:
        for path, text in ((self.user, user), (self.project, project)):
            if text:
                path.write_text(text, encoding="utf-8")
        return load_config(self.user, self.project, environment)


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_without_files_the_built_in_settings_hold(files: Files) -> None:
    loaded = files.load()
    assert loaded.config == Config()
    assert loaded.problems == [] and loaded.files == [] and loaded.rules == ()
    assert set(loaded.origins) == set(settings())
    assert set(loaded.origins.values()) == {"built-in"}


def test_each_source_covers_the_one_before_and_every_value_names_its_own(files: Files) -> None:
    loaded = files.load(
        user='[model]\nname = "mine"\nbase_url = "http://localhost:1/v1"\nwindow = 32000\nmax_output = 4000',
        project='[model]\nname = "ours"\nwindow = 64000',
        CAIRN_MODEL="now",
    )
    model = loaded.config.model
    assert (model.name, model.window, model.max_output) == ("now", 64_000, 4_000)
    assert loaded.origins["model.name"] == "CAIRN_MODEL"
    assert loaded.origins["model.window"] == str(files.project)
    assert loaded.origins["model.max_output"] == str(files.user)
    assert loaded.files == [files.user, files.project]
    assert loaded.problems == []


def test_an_empty_variable_sets_nothing(files: Files) -> None:
    loaded = files.load('[model]\nname = "mine"', CAIRN_MODEL="", OPENAI_BASE_URL=" ")
    assert loaded.config.model.name == "mine"
    assert loaded.problems == []


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[model]\nnmae = "x"', "model.nmae: unknown key; did you mean model.name?"),
        ('base_url = "http://x"', "base_url: unknown key; did you mean model.base_url?"),
        ('[modle]\nname = "x"', "modle: unknown key; did you mean model?"),
        ('mdoe = "plan"', "mdoe: unknown key; did you mean mode?"),
        ("[host]\nqqqq = 1", "host.qqqq: unknown key; remove it; there are idle_exit"),
        ('[model]\nwindow = "large"', 'model.window: expected a whole number, found "large"'),
        ("[model]\nwindow = 7", "model.window: expected at least 1000, found 7"),
        ("[model]\nsend_reasoning = 1", "model.send_reasoning: expected true or false, found 1"),
        ("[model]\nstall_timeout = 0", "model.stall_timeout: expected more than 0, found 0"),
        ("model = 3", "model: expected a table, found 3"),
        ("[budget]\nmax_steps = 2.5", "budget.max_steps: expected a whole number, found 2.5"),
        ("[budget]\nmax_cost = nan", "budget.max_cost: expected a finite number, found NaN"),
        ('mode = "compose"', 'mode: expected "build", "plan" or "propose", found "compose"'),
        ("[retry]\nattempts = 101", "retry.attempts: expected at most 100, found 101"),
        ("[model.extra]\nsince = 2020-01-01", "model.extra.since: expected what JSON can hold, found a date"),
        ('[[rules]]\ntool = "bash"', "rules[1].action: missing; add it to the rule"),
        (
            '[model]\nbase_url = "localhost:1234"',
            'model.base_url: expected an http or https address, found "localhost:1234"; give it as in "http',
        ),
        (
            "[guards]\nrepeat_nudge = 9",
            "guards: repeat_stop (6) must be more than repeat_nudge (9), or the model is never told before",
        ),
    ],
)
def test_what_is_wrong_is_one_line_with_file_key_and_fix(files: Files, text: str, line: str) -> None:
    (problem,) = files.load(text).problems
    assert problem.startswith(f"{files.user}: {line}")
    assert "\n" not in problem


def test_the_rest_of_a_broken_file_holds(files: Files) -> None:
    loaded = files.load(
        'mode = "plan"\ncolour = 1\n[model]\nname = "m"\nwindow = true\n[budget]\nmax_steps = -1'
    )
    assert len(loaded.problems) == 3
    assert loaded.config.mode == "plan" and loaded.config.model.name == "m"
    assert loaded.config.model.window == 128_000 and loaded.config.budget.max_steps == 2_000
    assert loaded.origins["model.window"] == "built-in"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b'mode = "plan"\n[model\nname = 1', ":2: not TOML: "),
        (b'mode = "pl', ":1: not TOML: "),
        (b'a = 1\nmode = "\xff"', ":2: not UTF-8; "),
        (b"#" * (LARGEST_FILE + 1), ": larger than 1,000,000 bytes; "),
    ],
)
def test_a_file_that_cannot_be_read_is_said_so_and_the_defaults_hold(
    files: Files, content: bytes, line: str
) -> None:
    files.user.write_bytes(content)
    loaded = files.load()
    (problem,) = loaded.problems
    assert problem.startswith(f"{files.user}{line}")
    assert loaded.config == Config()


def test_a_byte_order_mark_does_no_harm(files: Files) -> None:
    files.user.write_bytes(b'\xef\xbb\xbfmode = "plan"\r\n')
    loaded = files.load()
    assert (loaded.config.mode, loaded.problems) == ("plan", [])


@pytest.mark.skipif(os.name == "nt", reason="named pipes are files of their own kind there")
def test_what_is_no_file_is_never_waited_for(files: Files) -> None:
    files.user.mkdir()
    os.mkfifo(files.project)
    loaded = files.load()
    assert loaded.problems == [f"{path}: not a file; move it away" for path in (files.user, files.project)]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root reads everything")
def test_a_file_without_the_right_to_read_it_is_said_so(files: Files) -> None:
    files.user.write_text("", encoding="utf-8")
    files.user.chmod(0)
    assert files.load().problems == [
        f"{files.user}: cannot be read (Permission denied); its settings are ignored"
    ]


def test_a_path_under_the_home_folder_is_shown_with_a_tilde(
    files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    (problem,) = files.load("colour = 1").problems
    assert problem.startswith(f"~{os.sep}user.toml: colour: unknown key")


def test_a_key_written_into_a_file_is_not_repeated(files: Files) -> None:
    loaded = files.load('[model]\napi_key = "sk-hidden"\napi_key_env = "sk-hidden"')
    assert len(loaded.problems) == 2
    assert "sk-hidden" not in repr(loaded)
    assert all("never" in problem for problem in loaded.problems)


def test_a_key_goes_only_to_the_address_it_was_meant_for(files: Files) -> None:
    text = '[model]\nbase_url = "https://one.example/v1"\napi_key_env = "ONE_KEY"'
    environment = {"ONE_KEY": "1", "OPENAI_API_KEY": "2"}
    assert files.load(text).api_key(environment) == "1"
    assert files.load(text).api_key({"OPENAI_API_KEY": "2"}) == ""
    assert files.load(text, OPENAI_BASE_URL="https://two.example/v1").api_key(environment) == "2"
    assert files.load("mode = 'plan'").api_key(environment) == "2"


def test_a_bad_variable_is_named_as_what_it_is(files: Files) -> None:
    loaded = files.load(OPENAI_BASE_URL="localhost")
    assert loaded.problems[0].startswith("OPENAI_BASE_URL: model.base_url: expected an http or https address")
    assert loaded.config.model.base_url == ""


def test_a_broken_rule_takes_the_allow_rules_of_its_file_along(files: Files) -> None:
    """It may have been the `deny` that took back a part of what the `allow` gave."""
    loaded = files.load(
        '[[rules]]\ntool = "bash"\naction = "allow"\n'
        '[[rules]]\ntool = "bash"\nmatch = "git push*"\naction = "dney"\n'
        '[[rules]]\ntool = "bash"\nmatch = "rm*"\naction = "deny"\n'
    )
    assert [(rule.match, rule.action) for rule in loaded.rules] == [("rm*", "deny")]
    assert loaded.problems[0].endswith("; the allow rules of this file are off until then")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ('[model]\nbase_url = "http://evil.example"', "model.base_url"),
        ('[model]\napi_key_env = "AWS_SECRET_ACCESS_KEY"', "model.api_key_env"),
        ('[model.extra]\nuser = "x"', "model.extra"),
        ("[host]\nidle_exit = 1", "host.idle_exit"),
        ('[approvals]\nunattended = "deny"', "approvals.unattended"),
        ("[retry]\nattempts = 100", "retry.attempts"),
        ("[guards]\nrepeat_stop = 1000", "guards.repeat_stop"),
        ("[budget]\nmax_steps = 2_001", "budget.max_steps"),
        ("[budget]\nmax_steps = 0", "budget.max_steps"),
        ('[[rules]]\ntool = "*"\naction = "allow"', "rules[1]"),
    ],
)
def test_a_project_may_not_loosen(files: Files, text: str, key: str) -> None:
    loaded = files.load(project=f'mode = "plan"\n{text}')
    (problem,) = loaded.problems
    assert problem.startswith(f"{files.project}: {key}: ") and str(files.user) in problem
    assert loaded.config == Config(mode="plan"), "the rest of the file holds"
    assert loaded.rules == ()


def test_what_a_project_may_not_set_is_every_key_that_is_not_named_here() -> None:
    may = {"model.name", "model.window", "model.max_output", "model.send_reasoning", "mode", "rules"}
    may |= {key for key in settings() if key.startswith("budget.")}
    refused = {
        "model.base_url", "model.api_key_env", "model.extra", "model.first_token_timeout", "model.stall_timeout",
        "approvals.unattended", "approvals.deny_after", "retry.attempts", "retry.longest_wait", "host.idle_exit",
        "guards.repeat_nudge", "guards.repeat_stop", "guards.open_tasks", "languages", "editor.code_actions",
    }  # fmt: skip
    refused |= {key for key in settings() if key.startswith(("window.", "memory.", "sandbox.", "snapshots."))}
    assert may | refused == set(settings()), "a new setting: decide whether a project may set it, and test it"


def test_a_project_may_lower_budgets_and_ask_for_plan(files: Files) -> None:
    loaded = files.load(
        user="[budget]\nmax_steps = 40\nmax_cost = 2.5",
        project='mode = "plan"\n[budget]\nmax_steps = 10\nmax_cost = 2.5\nmax_seconds = 60',
    )
    budget = loaded.config.budget.budget()
    assert (budget.max_steps, budget.max_cost, budget.max_seconds) == (10, 2.5, 60)
    assert loaded.config.mode == "plan"
    assert loaded.problems == []


def test_a_project_may_not_turn_the_users_plan_mode_off(files: Files) -> None:
    loaded = files.load(user='mode = "plan"', project='mode = "build"')
    assert loaded.config.mode == "plan"
    assert "mode: a project may only ask for plan" in loaded.problems[0]


def test_a_projects_rule_counts_only_where_it_is_stricter(files: Files) -> None:
    loaded = files.load(
        user='[[rules]]\ntool = "bash"\naction = "allow"\n'
        '[[rules]]\ntool = "bash"\nmatch = "rm *"\naction = "deny"\n',
        project='[[rules]]\ntool = "*"\naction = "ask"\n'
        '[[rules]]\ntool = "bash"\nmatch = "make *"\naction = "deny"\n',
    )

    def judged(command: str) -> tuple[str, str]:
        plan = Plan("1.0", Arguments(), command, command=command)
        decision = Gate(loaded.rules).judge("bash", "run", plan, SessionFold("s", root="/work-tree"))
        return decision.action, decision.rule.rpartition(" (")[2].removesuffix(")")

    assert judged("rm file") == ("deny", str(files.user)), "the project's ask takes back no deny"
    assert judged("make all") == ("deny", str(files.project))
    assert judged("ls") == ("ask", str(files.project))


def test_the_endpoint_is_what_the_settings_say(files: Files) -> None:
    loaded = files.load(
        '[model]\nname = "m"\nbase_url = "http://localhost:1/v1"\nsend_reasoning = true\nstall_timeout = 5\n'
        "[model.extra]\ntemperature = 0.5"
    )
    endpoint = loaded.config.model.endpoint("key")
    assert (endpoint.model, endpoint.base_url, endpoint.api_key) == ("m", "http://localhost:1/v1", "key")
    assert (endpoint.send_reasoning, endpoint.stall_timeout, endpoint.extra) == (
        True,
        5,
        {"temperature": 0.5},
    )
    assert hash(endpoint) == hash(loaded.config.model.endpoint("key")), "it names a connection pool"


def test_the_published_schema_is_fresh() -> None:
    assert PUBLISHED.read_text(encoding="utf-8") == schema(), "run `make generate`"


def test_the_schema_accepts_what_cairn_accepts_and_explains_every_setting() -> None:
    document = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(document)

    def validate(settings: dict[str, Any]) -> bool:
        return jsonschema.Draft202012Validator(document).is_valid(settings)  # pyright: ignore[reportUnknownMemberType]

    assert validate(Config().model_dump(mode="json"))
    assert validate(
        {"rules": [{"tool": "bash", "match": "git *", "action": "ask"}], "model": {"extra": {"a": [1]}}}
    )
    assert not validate({"model": {"nmae": "x"}})
    assert not validate({"budget": {"max_steps": "many"}})
    for table in document["$defs"].values():
        for name, part in table.get("properties", {}).items():
            assert part.get("description"), f"{table['title']}.{name} needs a docstring"


def test_reading_the_settings_imports_nothing_heavy() -> None:
    """The host reads them at every start."""
    program = "import sys, cairn_agents.config; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert not loaded & {"openai", "pygls", "lsprotocol", "jsonschema", "rich", "jsonrpcserver", "aiosqlite"}
