# SPDX-License-Identifier: Apache-2.0
"""A CycloneDX 1.5 bill of materials of a bundle: each installed package with its hash and licence.

Made from the pins and the wheels alone: the same inputs give the same octets.
"""

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from devtool.errors import DevtoolError
from devtool.lockcheck import Pin, pins_of

SPEC_VERSION: Final = "1.5"
_CLASSIFIER: Final = "License :: "
_NO_LICENCE: Final = "License :: OSI Approved"
"""A classifier that states a licence without naming it."""


@dataclass(frozen=True)
class Package:
    """One wheel that is the pinned one."""

    name: str
    version: str
    sha256: str
    licence: str
    """As its METADATA states it; empty where it states none."""
    is_expression: bool
    """True for an SPDX expression, False for free words."""

    @property
    def purl(self) -> str:
        return f"pkg:pypi/{self.name}@{self.version}"


def pins_here(locks: Iterable[Path]) -> dict[tuple[str, str], Pin]:
    """Return the pins that this interpreter and this system install, each once, by name and version."""
    pins = [pin for lock in locks for pin in pins_of(lock)]
    return {
        (pin.name, pin.version): pin
        for pin in pins
        if pin.requirement.marker is None or pin.requirement.marker.evaluate()
    }


def packages_of(pins: Mapping[tuple[str, str], Pin], wheels: Path) -> tuple[Package, ...]:
    """Compare a folder of wheels with the pins: each pin has one wheel with a pinned hash. Raises DevtoolError."""
    found: dict[tuple[str, str], Package] = {}
    for path in sorted(wheels.iterdir()):
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename:
            raise DevtoolError(f"{path.name} is no wheel.", "Name another folder and try again.") from None
        key = (canonicalize_name(name), str(version))
        package = _package(path, *key)
        if key not in pins or package.sha256 not in pins[key].hashes or key in found:
            raise DevtoolError(
                f"{path.name} is not the one wheel that is pinned.", "Nothing of it may be used."
            )
        found[key] = package
    missing = sorted(pins.keys() - found.keys())
    if missing:
        raise DevtoolError(f"{' '.join(missing[0])} has no wheel here.", f"Missing wheels: {len(missing)}.")
    return tuple(found[key] for key in sorted(found))


def bill_of_materials(version: str, made: datetime, packages: Iterable[Package]) -> str:
    """Return the JSON of CycloneDX 1.5; `made` is when the commit was made."""
    components = [_component(package) for package in packages]
    digest = hashlib.sha256(json.dumps([version, components], sort_keys=True).encode()).hexdigest()
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC_VERSION,
        "serialNumber": uuid5(NAMESPACE_URL, f"accord-hub:{digest}").urn,
        "version": 1,
        "metadata": {
            "timestamp": made.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": f"accord-hub@{version}",
                "name": "accord-hub",
                "version": version,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
    }
    return json.dumps(bill, indent=1, ensure_ascii=False) + "\n"


def _component(package: Package) -> dict[str, Any]:
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "hashes": [{"alg": "SHA-256", "content": package.sha256}],
        "purl": package.purl,
    }
    if package.is_expression:
        component["licenses"] = [{"expression": package.licence}]
    elif package.licence:
        component["licenses"] = [{"license": {"name": package.licence}}]
    return component


def _package(path: Path, name: str, version: str) -> Package:
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    metadata = _metadata(path)
    expression = str(metadata.get("License-Expression", ""))
    return Package(name, version, digest, expression or _stated(metadata), bool(expression))


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return BytesHeaderParser().parsebytes(archive.read(name))


def _stated(metadata: Message) -> str:
    """Return the licence of a package without an expression: by its classifiers, else the first line of its words."""
    classifiers = [
        str(value) for value in metadata.get_all("Classifier", []) if value.startswith(_CLASSIFIER)
    ]
    named = [value.rpartition(" :: ")[2] for value in classifiers if value != _NO_LICENCE]
    return ", ".join(named) or (str(metadata.get("License", "")).strip().splitlines() or [""])[0]
