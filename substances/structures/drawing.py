# SPDX-License-Identifier: Apache-2.0
"""Draw a structure: bonds, labels, stereo, all components, and marked atoms."""

import math
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final
from xml.etree import ElementTree

from substances.errors import InputRefusedError
from substances.structures import limits
from substances.structures.shapes import Drawing, Ink, Mark, Shape, svg_of
from substances.structures.toolkit import parse_smiles, rdkit, sound

Place = tuple[float, float]

MIN_SIDE: Final = 80
MAX_SIDE: Final = 1600
MAX_MARKS: Final = 200
MAX_LABEL_CHARS: Final = 4

_LABEL_SIZE: Final = 12
# Contours in pixels, which distinguish these two from each other and from all others without colours.
_EDGES: Final = {"denied": 1.8, "review": 0.8}

_WIDTH: Final = re.compile(r"stroke-width:([0-9.]+)px")
_FILL: Final = re.compile(r"(?:^|;)\s*fill:(#[0-9A-Fa-f]{6})")
_STROKE: Final = re.compile(r"(?:^|;)\s*stroke:(#[0-9A-Fa-f]{6})")
_PATH_TEXT: Final = re.compile(r"[MLQCZ0-9 ,.\-]+")


def draw_structure(
    smiles: str, *, marks: Sequence[Mark] = (), width: int = 320, height: int = 220, title: str = ""
) -> str:
    """Return the SVG of a structure; see `lay_out` for refusals."""
    return svg_of(lay_out(smiles, tuple(marks), width, height), title=title)


def lay_out(smiles: str, marks: tuple[Mark, ...] = (), width: int = 320, height: int = 220) -> Drawing:
    """Return the shapes of a drawing. Atom indices of marks count as the atoms stand in `smiles`.

    Raises InputRefusedError("structure", "unreadable" | "too_many_atoms") and ("marks", "no_such_atom" | "too_many").
    """
    molecule = parse_smiles(smiles)
    if molecule is None or molecule.GetNumAtoms() == 0:
        raise InputRefusedError("structure", "unreadable")
    if molecule.GetNumAtoms() > limits.MAX_ALL_ATOMS:
        raise InputRefusedError("structure", "too_many_atoms")
    _refuse_marks(marks, molecule.GetNumAtoms())
    width, height = (min(max(side, MIN_SIDE), MAX_SIDE) for side in (width, height))
    drawer = _draw(molecule, width, height)
    points = [drawer.GetDrawCoords(index) for index in range(molecule.GetNumAtoms())]
    places = [(float(point.x), float(point.y)) for point in points]
    shapes = [
        *_marked(molecule, marks, places), *_inked(drawer.GetDrawingText()), *_labelled(molecule, marks, places, width, height),
    ]  # fmt: skip
    return Drawing(width, height, tuple(shapes))


def _refuse_marks(marks: tuple[Mark, ...], atoms: int) -> None:
    if len(marks) > MAX_MARKS:
        raise InputRefusedError("marks", "too_many")
    if any(not 0 <= index < atoms for mark in marks for index in mark.atoms):
        raise InputRefusedError("marks", "no_such_atom")


def _draw(molecule: Any, width: int, height: int) -> Any:
    toolkit = rdkit()
    drawer = toolkit.drawing.MolDraw2DSVG(width, height)
    options = drawer.drawOptions()
    options.clearBackground = False
    options.useBWAtomPalette()
    options.padding = 0.08
    options.bondLineWidth = 1.6
    options.scaleBondWidth = False
    options.fixedBondLength = 34.0
    options.maxFontSize = 16
    options.minFontSize = 8
    options.addStereoAnnotation = False
    options.prepareMolsBeforeDrawing = False
    options.includeMetadata = False
    toolkit.depict.SetPreferCoordGen(False)
    prepare = toolkit.drawing.PrepareMolForDrawing
    # A structure that cannot be kekulised is drawn with its rings aromatic.
    drawer.DrawMolecule(sound(prepare, molecule, True, True) or prepare(molecule, False, True))
    drawer.FinishDrawing()
    return drawer


def _inked(svg: str) -> Iterator[Shape]:
    """Yield the toolkit's own paths without its styles: lines, filled wedges, letters."""
    for element in ElementTree.fromstring(svg.encode("iso-8859-1")).iter():  # noqa: S314 -- our own drawer wrote it
        path = " ".join(element.get("d", "").split())
        if not element.tag.endswith("path") or not path:
            continue
        if not _PATH_TEXT.fullmatch(path):
            continue
        style = element.get("style", "")
        width = _WIDTH.search(style)
        if _FILL.search(style) and not _STROKE.search(style):
            yield Shape("wedge", path)
        elif _STROKE.search(style):
            if _FILL.search(style):
                yield Shape("wedge", path)
            yield Shape("bond", path, size=float(width[1]) if width else 1.6)
        else:
            yield Shape("glyph", path)


def _marked(molecule: Any, marks: tuple[Mark, ...], places: Sequence[Place]) -> Iterator[Shape]:
    """Yield bands below the ink: a disc on each marked atom, a bar along each bond between two of one mark."""
    radius = _radius(molecule, places)
    for mark in marks:
        edge = _EDGES.get(mark.tone, 0.0)
        if edge:
            yield from _band(molecule, mark, places, radius, edge)
        yield from _band(molecule, mark, places, radius, 0.0)


def _band(molecule: Any, mark: Mark, places: Sequence[Place], radius: float, edge: float) -> Iterator[Shape]:
    """Yield a band; with an edge it is painted in ink and a little wider, so that a contour shows around the band above."""
    for index in sorted(set(mark.atoms)):
        x, y = places[index]
        ink: Ink = "rim" if edge else "halo"
        yield Shape(ink, tone=mark.tone, x=round(x, 1), y=round(y, 1), size=round(radius + edge, 1))
    for first, second in _bonds(molecule):
        if first in mark.atoms and second in mark.atoms:
            (ax, ay), (bx, by) = places[first], places[second]
            path = f"M {ax:.1f},{ay:.1f} L {bx:.1f},{by:.1f}"
            ink = "rimlink" if edge else "link"
            yield Shape(ink, path, tone=mark.tone, size=round(radius * 1.2 + 2 * edge, 1))


def _radius(molecule: Any, places: Sequence[Place]) -> float:
    lengths = [math.dist(places[first], places[second]) for first, second in _bonds(molecule)]
    return min(max(0.33 * (sum(lengths) / len(lengths)), 3.0), 13.0) if lengths else 12.0


def _labelled(
    molecule: Any, marks: tuple[Mark, ...], places: Sequence[Place], width: int, height: int
) -> Iterator[Shape]:
    """Yield each mark's label near its atoms, where the picture is emptiest."""
    taken = [*places, *(_middle([places[index] for index in bond]) for bond in _bonds(molecule))]
    distance = 2.2 * _radius(molecule, places)
    for mark in marks:
        if not mark.label or not mark.atoms:
            continue
        x, y = _emptiest([places[index] for index in mark.atoms], taken, distance, (width, height))
        taken.append((x, y))
        yield Shape("label", tone=mark.tone, text=mark.label[:MAX_LABEL_CHARS], x=x, y=y, size=_LABEL_SIZE)


def _emptiest(
    near: Sequence[Place], taken: Sequence[Place], distance: float, sides: tuple[int, int]
) -> Place:
    """Return, of the points at a distance around the given ones, the one with most room, then the closest to them all."""
    middle = _middle(near)
    around = [
        (x + distance * math.cos(step * math.pi / 6), y + distance * math.sin(step * math.pi / 6))
        for x, y in near[:40]
        for step in range(12)
    ]
    inside = [(x, y) for x, y in around if 8 < x < sides[0] - 8 and 9 < y < sides[1] - 9]

    def room(point: Place) -> tuple[float, float]:
        clear = min(math.dist(point, other) for other in taken)
        return min(round(clear, 1), round(distance, 1)), -math.dist(point, middle)

    x, y = max(inside or [middle], key=room)
    return round(x, 1), round(y, 1)


def _middle(places: Sequence[Place]) -> Place:
    return sum(place[0] for place in places) / len(places), sum(place[1] for place in places) / len(places)


def _bonds(molecule: Any) -> list[tuple[int, int]]:
    return [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in molecule.GetBonds()]
