# SPDX-License-Identifier: Apache-2.0
"""Read YAML as plain data: text, whole numbers, true and false, null, lists, mappings; nothing else.

- Bare on, off, yes and no stay text, and a date stays text.
- No key occurs twice in a mapping; there are no anchors, aliases or tags, and one document.
- Length, depth and number of nodes are limited.
- Faults carry a path and never a value.
"""

import re
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from substances.control.faults import joined, refused

MAX_BYTES: Final = 512 * 1024
MAX_DEPTH: Final = 16
MAX_NODES: Final = 40_000
MAX_SCALAR_CHARS: Final = 4_000

Plain = str | int | bool | list[Any] | dict[str | int, Any] | None

_INTEGER: Final = re.compile(r"-?(0|[1-9][0-9]{0,8})\Z")
_WORDS: Final[dict[str, bool | None]] = {"true": True, "false": False, "null": None, "~": None, "": None}
_LOADER: Final[Any] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass
class _Open:
    """A list or mapping while it is being read."""

    into: list[Plain] | dict[str | int, Plain]
    path: str
    key: str | int | None = None
    waiting: bool = field(default=True)  # in a mapping: the next scalar is a key


def read_yaml(text: str) -> Plain:
    """Return the document as plain data. Raises RulesRefusedError with one fault, at the first thing that is not allowed."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        raise refused("", "file_too_large")
    try:
        return _Builder().build(yaml.parse(text, Loader=_LOADER))
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        mark = getattr(error, "problem_mark", None)
        raise refused(f"line {mark.line + 1}" if mark else "", "not_yaml") from None


class _Builder:
    """A builder of a tree from the parser's events, without recursion."""

    def __init__(self) -> None:
        self._stack: list[_Open] = []
        self._nodes = 0
        self._documents = 0
        self._root: Plain = None

    def build(self, events: Any) -> Plain:
        for event in events:
            self._take(event)
        if self._documents != 1:
            raise refused("", "no_document")
        return self._root

    def _take(self, event: Any) -> None:
        if isinstance(event, yaml.AliasEvent):
            raise refused(self._path(), "alias")
        if isinstance(event, yaml.NodeEvent):
            self._check_node(event)
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents > 1:
                raise refused("", "more_than_one_document")
        elif isinstance(event, yaml.ScalarEvent):
            self._scalar(event)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            self._start({} if isinstance(event, yaml.MappingStartEvent) else [])
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._stack.pop()

    def _check_node(self, event: Any) -> None:
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise refused("", "too_many_nodes")
        if event.anchor is not None:
            raise refused(self._path(), "anchor")
        if event.tag is not None:
            raise refused(self._path(), "tag")

    def _scalar(self, event: Any) -> None:
        if len(event.value) > MAX_SCALAR_CHARS:
            raise refused(self._path(), "text_too_long")
        value = _plain(event.value) if not event.style else event.value
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.into, dict) and top.waiting:
            self._key(top, value)
        else:
            self._put(value)

    def _key(self, top: _Open, value: str | int | bool | None) -> None:
        if value is None or isinstance(value, bool):
            raise refused(top.path, "key_not_text")
        if value in top.into:
            raise refused(joined(top.path, value), "duplicate_key", str(value))
        top.key, top.waiting = value, False

    def _start(self, into: list[Plain] | dict[str | int, Plain]) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise refused(self._path(), "too_deep")
        top = self._stack[-1] if self._stack else None
        if top is not None and isinstance(top.into, dict) and top.waiting:
            raise refused(top.path, "key_not_text")
        path = self._path()
        self._put(into)
        self._stack.append(_Open(into, path))

    def _put(self, value: Plain) -> None:
        if not self._stack:
            self._root = value
            return
        top = self._stack[-1]
        if isinstance(top.into, list):
            top.into.append(value)
        else:
            assert top.key is not None
            top.into[top.key] = value
            top.waiting = True

    def _path(self) -> str:
        if not self._stack:
            return ""
        top = self._stack[-1]
        if isinstance(top.into, list):
            return f"{top.path}[{len(top.into)}]"
        return top.path if top.key is None or top.waiting else joined(top.path, top.key)


def _plain(value: str) -> str | int | bool | None:
    """Return the value of a bare word: only the JSON words and whole numbers are more than text."""
    if value in _WORDS:
        return _WORDS[value]
    if _INTEGER.match(value):
        return int(value)
    return value
