# SPDX-License-Identifier: Apache-2.0
"""Sanitising of the science core's drawings for pages: shapes, text and classes, nothing that acts or loads.

The drawings come from the process that reads foreign input, so no element or attribute is trusted: what is not on the lists
below is left out, and what is no SVG becomes empty.
"""

import re
from collections.abc import Sequence
from html import escape
from itertools import groupby
from typing import Final
from xml.etree.ElementTree import Element, ParseError, XMLParser

from django.utils.safestring import SafeString, mark_safe

NAMESPACE: Final = "{http://www.w3.org/2000/svg}"
MAX_CHARS: Final = 400_000
MAX_DEPTH: Final = 20
ELEMENTS: Final = frozenset(
    ("svg", "g", "path", "line", "circle", "ellipse", "rect", "polygon", "polyline", "text", "tspan", "title", "desc")
)  # fmt: skip
ATTRIBUTES: Final = frozenset(
    (
        "class", "cx", "cy", "d", "dominant-baseline", "dx", "dy", "fill", "fill-opacity", "fill-rule",
        "font-family", "font-size", "font-style", "font-weight", "height", "id", "opacity", "points",
        "preserveAspectRatio", "r", "role", "rx", "ry", "stroke", "stroke-dasharray", "stroke-linecap",
        "stroke-linejoin", "stroke-opacity", "stroke-width", "tabindex", "text-anchor", "transform",
        "viewBox", "width", "x", "x1", "x2", "y", "y1", "y2", "aria-hidden", "aria-label",
        "aria-labelledby",
    )
)  # fmt: skip
PLACES: Final = {"path": frozenset({"d"}), "circle": frozenset({"cx", "cy", "r"})}
"""Attributes that give a shape's place; neighbours of one kind that differ in nothing else are written together."""

_SPARE: Final = re.compile(r"(?<=[MLQCZ]) | (?=[MLQCZ])|\.0+(?=[ ,MLQCZ]|\Z)")
"""Characters that a path does not need: spaces beside its commands, zeros after a decimal point."""
_ACTS: Final = re.compile(r"url\(|javascript:|&|<|expression", re.IGNORECASE)


def inert_svg(svg: str) -> SafeString:
    """Return the drawing with nothing in it but shapes and text; empty for what is no drawing."""
    if not svg or len(svg) > MAX_CHARS or "<!" in svg.replace("<!--", ""):
        return mark_safe("")
    try:
        parser = XMLParser()  # noqa: S314 - no document type comes this far, so that no entity is defined
        parser.feed(svg)
        root = parser.close()
    except ParseError:
        return mark_safe("")
    if _local(root) != "svg":
        return mark_safe("")
    return mark_safe("".join(_written(root)))  # noqa: S308 - written anew from allowed parts, each escaped


def _written(element: Element, depth: int = 0) -> list[str]:
    name = _local(element)
    if name not in ELEMENTS or depth > MAX_DEPTH:
        return []
    parts = [f"<{name}{_attributes(element)}>", escape(element.text or "")]
    for (kind, _shared), run in groupby(element, key=_alike):
        children = list(run)
        if kind:
            parts += _run(kind, children)
            continue
        for child in children:
            parts += [*_written(child, depth + 1), escape(child.tail or "")]
    return [*parts, f"</{name}>"]


def _alike(element: Element) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return a value equal for neighbours that differ only in their place; name "" for an element that stands alone."""
    name = _local(element)
    if name not in PLACES or len(element) or (element.text or "").strip() or (element.tail or "").strip():
        return "", ()
    places = PLACES[name]
    return name, tuple([item for item in element.attrib.items() if item[0] not in places])


def _run(name: str, elements: Sequence[Element]) -> list[str]:
    """Write neighbours that are drawn alike together: paths become one path, circles one group."""
    shared = _attributes(elements[0], allowed=ATTRIBUTES - PLACES[name])
    if name == "path":
        lines = _SPARE.sub("", " ".join([element.get("d", "") for element in elements]))
        return [] if _ACTS.search(lines) else [f'<path{shared} d="{escape(lines)}"/>']
    circles = [f"<circle{_attributes(element, allowed=PLACES[name])}/>" for element in elements]
    return [f"<g{shared}>", *circles, "</g>"]


def _attributes(element: Element, *, allowed: frozenset[str] = ATTRIBUTES) -> str:
    written = [
        f' {name}="{escape(value)}"'
        for name, value in element.attrib.items()
        if (name in allowed or name.startswith("data-")) and not _ACTS.search(value)
    ]
    return "".join(written)


def _local(element: Element) -> str:
    return element.tag.removeprefix(NAMESPACE)
