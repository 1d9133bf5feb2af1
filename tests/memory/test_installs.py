"""An install is known by its command, however it is wrapped; what only looks like one is none."""

import pytest

from cairn_memory.audit.installs import installs


@pytest.mark.parametrize(
    ("command", "found"),
    [
        ("pip install requests", "pip install requests"),
        ("cd web && npm ci --no-audit", "npm ci --no-audit"),
        ("sudo -E apt-get -qq -y install jq; echo ok", "apt-get -qq -y install jq"),
        ("sudo -u builder DEBIAN_FRONTEND=noninteractive apt install -y jq", "apt install -y jq"),
        ("python3.12 -m pip install -U 'rich>=13'", "pip install -U rich>=13"),
        (".venv/bin/python -m pip install -e .", "pip install -e ."),
        (".venv/bin/pip3.12 install x", "pip install x"),
        ("uv add httpx", "uv add httpx"),
        ("uv pip install --system x", "uv pip install --system x"),
        ("poetry add x", "poetry add x"),
        ("pnpm --filter web add x", "pnpm --filter web add x"),
        ("yarn", "yarn"),
        ("bun i", "bun i"),
        ("npm --prefix web install left-pad", "npm --prefix web install left-pad"),
        ("cargo +nightly install ripgrep", "cargo +nightly install ripgrep"),
        ("go get ./...", "go get ./..."),
        ("gem install rake", "gem install rake"),
        ("bundle", "bundle"),
        ("brew install jq", "brew install jq"),
        ("dnf -y install jq", "dnf -y install jq"),
        ("yum install jq", "yum install jq"),
        ("pacman -Sy --noconfirm jq", "pacman -Sy --noconfirm jq"),
        ("conda install -n base numpy", "conda install -n base numpy"),
        ("composer require a/b", "composer require a/b"),
        ("dotnet add app package Json", "dotnet add app package Json"),
        ("timeout 60 pip install x", "pip install x"),
        ("timeout -k 5 1m pip install x 2>&1 | tail -3", "pip install x"),
        ("bash -lc 'cd a && pip install \"x y\"'", "pip install x y"),
        ("if true; then pip install x; fi", "pip install x"),
        ("(pip install x)", "pip install x"),
        ("echo $(pip install x)", "pip install x"),
        ("pip \\\n install x", "pip install x"),
        ("false || pip install x\necho", "pip install x"),
        ("uv run python -m pip install x", "pip install x"),
    ],
)
def test_an_install_is_found(command: str, found: str) -> None:
    assert installs(command) == (found,)


@pytest.mark.parametrize(
    "command",
    [
        "echo pip install x",
        "git commit -m 'pip install x'",
        'grep "npm install" README.md',
        "npm run install",
        "npm test",
        "pip list",
        "pip install --help",
        "pip uninstall x",
        "go build ./... && go test",
        "make install",
        "mvn install",
        "./gradlew install",
        "pacman -Ss jq",
        "pacman -Q",
        "cargo build",
        "uv run pytest",
        "which npm",
        "yarn test",
        "",
        "'",
        'echo "unclosed && pip',
        "\\",
    ],
)
def test_what_only_looks_like_one_is_none(command: str) -> None:
    assert installs(command) == ()


def test_several_are_told_in_order_and_a_long_command_is_no_trouble() -> None:
    assert installs("pip install a && npm i b; pip install a") == ("pip install a", "npm i b")
    assert installs("'" * 1_000_000) == () and installs("$(" * 100_000) == ()
