# SPDX-License-Identifier: Apache-2.0
"""A drawing as plain shapes, and the SVG that is written from them.

- The SVG obeys a policy that allows no inline style: only presentation attributes and classes, no script, no link, no
  identifier.
- Ink is `currentColor`; a page colours the classes (`mol-mark-core` and so on) for both themes.
- Shapes may come from a process that read hostile input, so each is checked before a character of it is written.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final, Literal, get_args

from substances.errors import InputRefusedError

Tone = Literal["core", "allowed", "review", "denied", "common"]
TONES: Final[tuple[str, ...]] = get_args(Tone)

Ink = Literal["bond", "wedge", "glyph", "halo", "link", "rim", "rimlink", "label"]

MAX_SHAPES: Final = 6_000
_PATH: Final = re.compile(r"[MLQCZ0-9 ,.\-]{1,4000}")
_ELEMENT: Final = re.compile(r"[A-Z][a-z]?|")
_LABEL: Final = re.compile(r"[^\x00-\x1f\x7f<>&\"']{0,12}")


@dataclass(frozen=True)
class Mark:
    """Atoms to highlight, by their index in the drawn SMILES; `label` is written beside them, up to 4 characters."""

    atoms: tuple[int, ...]
    tone: Tone
    label: str = ""


@dataclass(frozen=True)
class Shape:
    """One thing to draw. `path` is an SVG path; for a halo or a label `x`, `y` and `size` give position and size."""

    ink: Ink
    path: str = ""
    element: str = ""
    tone: Tone | Literal[""] = ""
    x: float = 0.0
    y: float = 0.0
    size: float = 0.0
    text: str = ""


@dataclass(frozen=True)
class Drawing:
    """Shapes in the order of painting, in a box of pixels."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


def svg_of(drawing: Drawing, *, title: str = "") -> str:
    """Return a standalone SVG. `title` is its text for screen readers; without one the picture is decoration.

    Raises InputRefusedError("drawing", "unsafe") where a shape holds anything but a shape.
    """
    if len(drawing.shapes) > MAX_SHAPES:
        raise InputRefusedError("drawing", "unsafe")
    width, height = int(drawing.width), int(drawing.height)
    role = 'role="img"' if title else 'aria-hidden="true"'
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="mol" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" {role} fill="none" stroke="none" color="inherit">'
    )
    said = f"<title>{escape(title)}</title>" if title else ""
    return head + said + "".join(_written(drawing.shapes)) + "</svg>"


def _written(shapes: Iterable[Shape]) -> Iterable[str]:
    for shape in shapes:
        _refuse_unsafe(shape)
        yield _ELEMENTS[shape.ink](shape)


def _refuse_unsafe(shape: Shape) -> None:
    safe = (
        shape.ink in _ELEMENTS
        and (shape.tone == "" or shape.tone in TONES)
        and _ELEMENT.fullmatch(shape.element)
        and _LABEL.fullmatch(shape.text)
        and (shape.ink in {"halo", "rim", "label"} or _PATH.fullmatch(shape.path))
        and all(abs(number) < 100_000 for number in (shape.x, shape.y, shape.size))
    )
    if not safe:
        raise InputRefusedError("drawing", "unsafe")


def _class(shape: Shape, name: str) -> str:
    more = f" mol-el-{shape.element}" if shape.element else ""
    return f'class="{name}{more}"'


def _bond(shape: Shape) -> str:
    return (
        f'<path {_class(shape, "mol-bond")} d="{shape.path}" stroke="currentColor" stroke-width="{shape.size:g}" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
    )


def _wedge(shape: Shape) -> str:
    return f'<path {_class(shape, "mol-wedge")} d="{shape.path}" fill="currentColor"/>'


def _glyph(shape: Shape) -> str:
    return f'<path {_class(shape, "mol-glyph")} d="{shape.path}" fill="currentColor"/>'


def _halo(shape: Shape) -> str:
    return (
        f'<circle class="mol-mark mol-mark-{shape.tone}" cx="{shape.x:g}" cy="{shape.y:g}" r="{shape.size:g}" '
        f'fill="{_TINTS[shape.tone]}"/>'
    )


def _link(shape: Shape) -> str:
    return (
        f'<path class="mol-link mol-link-{shape.tone}" d="{shape.path}" stroke="{_TINTS[shape.tone]}" '
        f'stroke-width="{shape.size:g}" stroke-linecap="round"/>'
    )


def _rim(shape: Shape) -> str:
    return (
        f'<circle class="mol-rim" cx="{shape.x:g}" cy="{shape.y:g}" r="{shape.size:g}" fill="currentColor"/>'
    )


def _rimlink(shape: Shape) -> str:
    return (
        f'<path class="mol-rim-link" d="{shape.path}" stroke="currentColor" stroke-width="{shape.size:g}" '
        'stroke-linecap="round"/>'
    )


def _label(shape: Shape) -> str:
    return (
        f'<text class="mol-label mol-label-{shape.tone}" x="{shape.x:g}" y="{shape.y:g}" fill="currentColor" '
        f'font-size="{shape.size:g}" font-family="system-ui, sans-serif" font-weight="600" text-anchor="middle" '
        f'dominant-baseline="central">{escape(shape.text)}</text>'
    )


_ELEMENTS: Final = {
    "bond": _bond, "wedge": _wedge, "glyph": _glyph, "halo": _halo, "link": _link, "label": _label, "rim": _rim,
    "rimlink": _rimlink,
}  # fmt: skip

_TINTS: Final = {
    "core": "#9fc5e8", "allowed": "#a8d5b0", "review": "#f4d58d", "denied": "#f2a69e", "common": "#c9b8e8", "": "none",
}  # fmt: skip
"""Colours without our style sheet, as in a saved file; with it the classes decide."""
