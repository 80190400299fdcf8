# SPDX-License-Identifier: Apache-2.0
"""Cases and files of the kit in their one form."""

from __future__ import annotations

import difflib
import itertools
import json
import re
from typing import Any

from tests.envelope.kit import formulas

Body = dict[str, Any]


def good(name: str, do: str, result: Any, **given: Any) -> Body:
    """A case whose result must be `result`."""
    return {"name": name, "do": do, "in": given, "expect": {"ok": result}}


def bad(name: str, do: str, refused: str, stage: str = "parsing", **given: Any) -> Body:
    """A case that must be refused at this stage with this word."""
    return {"name": name, "do": do, "in": given, "expect": {"stage": stage, "refused": refused}}


def document(about: str, cases: list[Body], **shared: Any) -> Body:
    names = [case["name"] for case in cases]
    assert len(set(names)) == len(names), [name for name in names if names.count(name) > 1]
    return {"profile": 1, "about": about} | shared | {"cases": cases}


def flipped(text: str, at: int) -> str:
    """Change one bit of the octet `at`; return base64url again."""
    raw = bytearray(formulas.unb64u(text))
    raw[at] ^= 1
    return formulas.b64u(bytes(raw))


# Texts shorter than this are written whole in every case.
_LONG = 500
_TOKEN = re.compile(r'"[^"]*"|[^"]+|"')


def shrink(value: Body) -> Body:
    """Write a long text that nearly equals one of an earlier case as the difference from it."""
    whole: dict[str, Body] = {}
    cases = []
    for case in value["cases"]:
        given = {name: _shrunk(name, item, whole) for name, item in case["in"].items()}
        if given == case["in"]:
            whole[case["name"]] = given
        cases.append(case | {"in": given})
    return value | {"cases": cases}


def _shrunk(name: str, text: Any, whole: dict[str, Body]) -> Any:
    if not isinstance(text, str) or len(text) < _LONG:
        return text
    ways = [
        {"like": like, "edits": _edits(given[name], text)}
        for like, given in whole.items()
        if isinstance(given.get(name), str)
    ]
    shortest = min(ways, key=lambda way: len(_json(way)), default=None)
    return shortest if shortest and len(_json(shortest)) < len(text) * 2 // 3 else text


def _edits(one: str, other: str) -> list[list[Any]]:
    """Edits (from, to, put) that turn `one` into `other`, token by token of their JSON."""
    old, new = _TOKEN.findall(one), _TOKEN.findall(other)
    places = list(itertools.accumulate(map(len, old), initial=0))
    found = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return [
        _trimmed(one, places[begin], places[end], "".join(new[start:stop]))
        for tag, begin, end, start, stop in found
        if tag != "equal"
    ]


def _trimmed(one: str, begin: int, end: int, put: str) -> list[Any]:
    """Shorten the edit by its equal start."""
    most = min(end - begin, len(put))
    same = next((at for at in range(most) if one[begin + at] != put[at]), most)
    return [begin + same, end, put[same:]]


def expand(value: Body) -> Body:
    """Restore the file from what `shrink` made of it."""
    whole: dict[str, Body] = {}
    for case in value["cases"]:
        whole[case["name"]] = {name: _expanded(name, item, whole) for name, item in case["in"].items()}
    return value | {"cases": [case | {"in": whole[case["name"]]} for case in value["cases"]]}


def _expanded(name: str, item: Any, whole: dict[str, Body]) -> Any:
    if not isinstance(item, dict) or "like" not in item:
        return item
    text = whole[item["like"]][name]
    for begin, end, put in reversed(item["edits"]):
        text = text[:begin] + put + text[end:]
    return text


def render(value: Body) -> str:
    """The text of a file: one case a line, members in their order, so that a diff shows the change."""
    head = [f" {_json(name)}: {_json(item)}" for name, item in value.items() if name != "cases"]
    if "cases" in value:
        cases = ",\n".join(f"  {_json(case)}" for case in value["cases"])
        head.append(f' "cases": [\n{cases}\n ]')
    return "{\n" + ",\n".join(head) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True, separators=(",", ":"))
