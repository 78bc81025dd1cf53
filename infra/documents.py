"""A tenant's document from files: one, or a folder of them, merged by kind; errors name file and line.

Only what JSON knows too is special in YAML here: `17:00`, `2026-12-25` and `no` are texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import isfinite
from pathlib import Path
from typing import Any

import yaml
from yaml.reader import ReaderError

from chalicelib.configuration.document import pointer as pointer_of
from chalicelib.errors import FieldError, InvalidRequest

SUFFIXES = (".yaml", ".yml", ".json")
PLAIN: Mapping[str, Any] = {"": None, "~": None, "null": None, "true": True, "false": False}
NUMBER = re.compile(r"-?(0|[1-9]\d*)(?P<fraction>\.\d+)?(?P<exponent>[eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A document, and where each of its places stands."""

    document: dict[str, Any]
    places: Mapping[str, str]
    """JSON pointer → file:line."""

    def where(self, pointer: str) -> str:
        """The file and line of a place; of the one around it, where it is not written down."""
        at = ""
        for part in pointer.strip("/").split("/"):
            at = f"{at}/{part}" if f"{at}/{part}" in self.places else at
        return self.places.get(at, next(iter(self.places.values()), "?"))

    def lines(self, found: Iterable[FieldError]) -> list[str]:
        """Errors or warnings as an editor's problem matcher reads them."""
        return [f"{self.where(each.pointer)}: {each.message} [{each.pointer}]" for each in found]


@dataclass
class _Merging:
    document: dict[str, Any] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)

    def add(self, file: Path, root: yaml.Node | None) -> None:
        if root is None:
            return
        if not isinstance(root, yaml.MappingNode):
            raise _wrong(file, root, "A document is a mapping: kinds such as `queues`, and their entries.")
        for key, node in root.value:
            self._field(file, key, node)

    def _field(self, file: Path, key: yaml.ScalarNode, node: yaml.Node) -> None:
        name, at = _text(key), pointer_of((_text(key),))
        known = self.document.get(name)
        if isinstance(known, list) and isinstance(node, yaml.SequenceNode):
            for each in node.value:
                known.append(self._value(file, each, f"{at}/{len(known)}"))
        elif isinstance(known, dict) and isinstance(node, yaml.MappingNode):
            known.update(self._value(file, node, at))
        elif name in self.document:
            raise _wrong(file, key, f"`{name}` stands in {self.places[at]} already; keep one of them.")
        else:
            self.document[name] = self._value(file, node, at, key)

    def _value(self, file: Path, node: yaml.Node, at: str, key: yaml.Node | None = None) -> Any:
        self.places.setdefault(at, _place(file, key or node))
        if isinstance(node, yaml.SequenceNode):
            return [self._value(file, each, f"{at}/{n}") for n, each in enumerate(node.value)]
        if not isinstance(node, yaml.MappingNode):
            return _scalar(file, node)
        made: dict[str, Any] = {}
        for inner, value in node.value:
            if not isinstance(inner, yaml.ScalarNode):
                raise _wrong(file, inner, "A field's name is a text.")
            name = _text(inner)
            if name in made:
                raise _wrong(file, inner, f"`{name}` stands here twice; keep one of them.")
            made[name] = self._value(file, value, at + pointer_of((name,)), inner)
        return made


def load(path: Path) -> Loaded:
    """The document in a file or a folder. Raises `InvalidRequest`, whose errors name file and line."""
    merging = _Merging()
    for file in files(path):
        try:
            merging.add(file, yaml.compose(_read(file), Loader=yaml.SafeLoader))
        except ReaderError as error:
            line = _read(file).count("\n", 0, error.position) + 1
            raise _unreadable(f"{file}:{line}", f"This is no YAML: {error.reason}.") from None
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            raise _unreadable(f"{file}:{line}", f"This is no YAML: {error.problem}.") from None
        except RecursionError:
            raise _unreadable(str(file), "An alias leads back to itself; write it out.") from None
        except (OSError, UnicodeDecodeError) as error:
            raise _unreadable(str(file), f"This cannot be read: {error}.") from None
    return Loaded(merging.document, merging.places)


def files(path: Path) -> list[Path]:
    """The files of a document, in the order in which they are merged."""
    inside = (each for each in path.rglob("*") if each.suffix in SUFFIXES and not each.is_dir())
    found = sorted(inside) if path.is_dir() else [path]
    if not found or not found[0].exists():
        raise _unreadable(str(path), f"There is no document here: no file that ends in {', '.join(SUFFIXES)}.")
    return found


def _read(file: Path) -> str:
    """What a file says; YAML takes no tabs, which JSON has only between its words."""
    text = file.read_text()
    return text.replace("\t", " ") if file.suffix == ".json" else text


def _text(node: yaml.Node) -> str:
    """What stands there; JSON may write a character in two halves."""
    return str(node.value).encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _scalar(file: Path, node: yaml.Node) -> Any:
    text = _text(node)
    if getattr(node, "style", None) is not None:
        return text
    if text in PLAIN:
        return PLAIN[text]
    found = NUMBER.fullmatch(text)
    if found is None:
        return text
    if not isfinite(float(text)):
        raise _wrong(file, node, "The number is too large.")
    return float(text) if found["fraction"] or found["exponent"] else int(text)


def _place(file: Path, node: yaml.Node) -> str:
    return f"{file}:{node.start_mark.line + 1}"


def _wrong(file: Path, node: yaml.Node, message: str) -> InvalidRequest:
    return _unreadable(_place(file, node), message)


def _unreadable(where: str, message: str) -> InvalidRequest:
    return InvalidRequest("The document cannot be read.", [FieldError(where, f"{where}: {message}")])
