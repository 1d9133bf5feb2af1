"""Files and names in use as a part of a window: grouped by folder, names beside the file they belong to."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field

from cairn_memory.recall.facts import Facts
from cairn_memory.recall.measure import cost
from cairn_memory.recall.parts import Built

EDITED = 4.0
"""What having been changed adds to a file's weight."""


@dataclass(slots=True)
class _File:
    path: str
    weight: float = 0.0
    changed: int = 0
    read: int = 0
    names: list[str] = field(default_factory=list[str])

    @property
    def mark(self) -> str:
        return f"changed e{self.changed}" if self.changed else f"read e{self.read}" if self.read else ""


class WorkingSet:
    """What is in use of a session, by weight; made once, then written for any room."""

    def __init__(self, facts: Facts, out: Collection[str] = ()) -> None:
        """Without the files whose paths are in `out`."""
        self._facts = facts
        self.base = _base(facts)
        self.files = self._files()
        for path in out:
            self.files.pop(self._relative(path), None)
        self._symbols = [
            (name.weight(facts.names.step), name.text, self._resolve(name.home) if name.home else "")
            for name in facts.names.best()[:1_500]
            if "." not in name.text and "/" not in name.text
        ]

    def _files(self) -> dict[str, _File]:
        files: dict[str, _File] = {}
        self._by_name: dict[str, list[str]] = defaultdict(list)
        for fact in self._facts.work.files.values():
            path = self._relative(fact.path)
            file = files.setdefault(path, _File(path))
            file.changed, file.read = max(file.changed, fact.changed), max(file.read, fact.read)
            if path not in self._by_name[_last(path)]:
                self._by_name[_last(path)].append(path)
            if fact.changes:
                file.weight += EDITED
        for name in self._facts.names.best():
            if "." not in name.text and "/" not in name.text:
                continue
            path = self._resolve(name.text)
            file = files.setdefault(path, _File(path))
            file.weight += name.weight(self._facts.names.step)
            if path not in self._by_name[_last(path)]:
                self._by_name[_last(path)].append(path)
        return files

    def _relative(self, path: str) -> str:
        while path.startswith(("./", "../")):
            path = path.partition("/")[2]
        return path[len(self.base) :] if self.base and path.startswith(self.base) else path

    def _resolve(self, path: str) -> str:
        """The full path that a mention means: the one known file that ends with it."""
        path = self._relative(path)
        known = self._by_name.get(_last(path), ())
        for one in known:
            if one == path or one.endswith("/" + path) or path.endswith("/" + one):
                return one
        return path

    def build(self, room: float) -> Built:
        """The weightiest files and names that fit `room` tokens."""
        ranked: list[tuple[float, str, str]] = [
            (file.weight, "", file.path) for file in self.files.values() if file.weight > 0.2
        ]
        ranked += [(weight, text, home) for weight, text, home in self._symbols]
        ranked.sort(key=lambda one: -one[0])
        left = room - cost(self.base) - 12
        taken: dict[str, _File] = {}
        loose: list[str] = []
        folders: set[str] = set()
        cut = 0
        for _, text, path in ranked:
            price = self._price(text, path, taken, folders)
            if price > left:
                cut += 1
                if left < 4:
                    break
                continue
            left -= price
            self._place(text, path, taken, loose, folders)
        return self._written(taken, loose, len(ranked))

    def _price(self, text: str, path: str, taken: dict[str, _File], folders: set[str]) -> float:
        if text:
            return (len(text) + 2) / 3.6
        file = self.files[path]
        folder = path.rpartition("/")[0]
        price = (len(_last(path)) + len(file.mark) + 5) / 3.6
        return price + (0 if folder in folders else (len(folder) + 5) / 3.6)

    def _place(
        self, text: str, path: str, taken: dict[str, _File], loose: list[str], folders: set[str]
    ) -> None:
        if not text:
            file = self.files[path]
            taken[path] = _File(path, file.weight, file.changed, file.read)
            folders.add(path.rpartition("/")[0])
        elif path in taken:
            taken[path].names.append(text)
        else:
            loose.append(text)

    def _written(self, taken: dict[str, _File], loose: list[str], of: int) -> Built:
        by_folder: dict[str, list[_File]] = defaultdict(list)
        for file in taken.values():
            by_folder[file.path.rpartition("/")[0]].append(file)
        lines = [f"Paths are below {self.base}"] if self.base else []
        for folder, files in by_folder.items():
            entries = [_entry(file) for file in files]
            lines.append(f"- {folder + '/: ' if folder else ''}{'; '.join(entries)}")
        if loose:
            lines.append(f"- other names: {', '.join(loose)}")
        refs = tuple(taken)
        left_out = tuple(path for path in self.files if path not in taken)
        return Built("\n".join(lines), len(refs), 0, len(left_out), refs, left_out)


def _entry(file: _File) -> str:
    about = ", ".join(filter(None, [file.mark, *file.names]))
    return f"{_last(file.path)} ({about})" if about else _last(file.path)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _base(facts: Facts) -> str:
    """The folder all paths are below: the session's root, or what most of them begin with."""
    if facts.root:
        return facts.root.rstrip("/") + "/"
    paths = [path for path in facts.work.files if path.startswith(("/", "~"))]
    if len(paths) < max(2, len(facts.work.files) // 2):
        return ""
    heads = [path.split("/")[:-1] for path in paths]
    common: list[str] = []
    for parts in zip(*heads, strict=False):
        best = max(set(parts), key=parts.count)
        if parts.count(best) < len(paths) * 0.9:
            break
        common.append(best)
        heads = [head for head in heads if head[: len(common)] == common]
    return "/".join(common) + "/" if len(common) > 1 else ""
