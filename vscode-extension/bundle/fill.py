"""Fills `wheels/` for the VSIX: Cairn, all that it needs, and pip; for this platform, and each Python it runs on.

    .venv/bin/python vscode-extension/bundle/fill.py

The versions are those of constraints.txt. What has no wheel on the registry is built here.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
WHEELS = Path(__file__).resolve().parent / "wheels"
PIP = "pip==26.3"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")


def main() -> None:
    """Raises CalledProcessError where the registry does not have what is asked for."""
    shutil.rmtree(WHEELS, ignore_errors=True)
    pip("wheel", "-c", str(CHECKOUT / "constraints.txt"), "-w", str(WHEELS), str(CHECKOUT), PIP)
    compiled = [wheel for wheel in WHEELS.glob("*.whl") if not wheel.name.endswith("-none-any.whl")]
    pins = ["==".join(wheel.name.split("-")[:2]) for wheel in compiled]
    for wheel in compiled:  # for the system here, which may be newer than that of the user
        wheel.unlink()
    for python in PYTHONS:
        options = ("--no-deps", "--only-binary=:all:", "--implementation", "cp", "--python-version", python)
        pip("download", *options, *platforms(), "-d", str(WHEELS), *pins)
    digest = hashlib.sha256()
    for wheel in sorted(WHEELS.glob("*.whl")):
        digest.update(wheel.name.encode() + wheel.read_bytes())
    (WHEELS / "key").write_text(digest.hexdigest()[:12], encoding="ascii")
    size = sum(wheel.stat().st_size for wheel in WHEELS.iterdir())
    print(f"{len(list(WHEELS.glob('*.whl')))} wheels, {size / 1e6:.1f} MB, for Python {', '.join(PYTHONS)}")


def platforms() -> list[str]:
    """The oldest systems that VS Code runs on: glibc 2.28, macOS 11."""
    machine = platform.machine().lower()
    tags = {
        "linux": [f"manylinux_2_28_{machine}", f"manylinux_2_17_{machine}", f"manylinux2014_{machine}"],
        "darwin": [f"macosx_11_0_{machine}"],
        "win32": [f"win_{machine}"],
    }[sys.platform]
    return [word for tag in tags for word in ("--platform", tag)]


def pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", "-q", *arguments], check=True)


if __name__ == "__main__":
    main()
