"""The environment of a command in a sandbox: what a build needs of the user's, and nothing that may be a secret."""

from collections.abc import Collection, Mapping
from pathlib import Path

from cairn_agents.tools.shell import environment

_KEPT = frozenset(
    (
        "PATH", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "COLUMNS", "NO_COLOR", "FORCE_COLOR",
        "CLICOLOR", "CI", "DEBIAN_FRONTEND", "SOURCE_DATE_EPOCH", "VIRTUAL_ENV", "CONDA_PREFIX",
        "CONDA_DEFAULT_ENV", "PYENV_ROOT", "PYENV_VERSION", "RBENV_ROOT", "RBENV_VERSION", "ASDF_DIR",
        "ASDF_DATA_DIR", "NVM_DIR", "NVM_BIN", "VOLTA_HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN",
        "GOROOT", "GOPATH", "GOFLAGS", "JAVA_HOME", "ANDROID_HOME", "DOTNET_ROOT", "NODE_ENV", "NODE_PATH",
        "NODE_OPTIONS", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS",
        "LDFLAGS", "MAKEFLAGS", "CMAKE_PREFIX_PATH", "PKG_CONFIG_PATH", "LD_LIBRARY_PATH", "SSL_CERT_FILE",
        "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "XDG_DATA_DIRS",
    )
)  # fmt: skip


def surroundings(
    own: Mapping[str, str], home: Path, names: Collection[str], withheld: Collection[str]
) -> dict[str, str]:
    """Of the host's `own` what is needed, and the `names` the user chose; never a model's key, nor what is `withheld`."""
    wanted = {name for name in own if name in _KEPT or name.startswith("LC_") or name in names}
    kept = environment({name: own[name] for name in wanted}, withheld)
    return kept | {"HOME": str(home), "TMPDIR": "/tmp"}


def proxied(port: int) -> dict[str, str]:
    """What makes programs ask the proxy on this port of the sandbox's own loopback; local addresses they ask themselves."""
    address, local = f"http://127.0.0.1:{port}", "localhost,127.0.0.1,::1"
    names = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    return {
        **{name: address for name in names},
        **{name.lower(): address for name in names},
        "NO_PROXY": local,
        "no_proxy": local,
    }
