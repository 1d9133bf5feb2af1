"""The table of faults names tests that there are."""

import re
from pathlib import Path

HERE = Path(__file__).parent
NAMED = re.compile(r"`((?:[a-z0-9_]+/)*(?:test_[a-z0-9_]+|[a-z]+\.py))`")


def test_every_test_that_the_table_names_exists() -> None:
    named = NAMED.findall((HERE / "README.md").read_text(encoding="utf-8"))
    places = {name: (HERE if "/" not in name else HERE.parent) / name for name in named}
    assert len(places) > 40
    assert [name for name, path in places.items() if not path.with_suffix(".py").is_file()] == []


def test_every_test_of_this_folder_stands_in_the_table() -> None:
    text = (HERE / "README.md").read_text(encoding="utf-8")
    here = {path.stem for path in HERE.glob("test_*.py")} - {Path(__file__).stem}
    assert sorted(name for name in here if f"`{name}`" not in text) == []
