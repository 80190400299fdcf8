# SPDX-License-Identifier: Apache-2.0
"""The images of the stack: one of each half by the Dockerfile, the others as named, or substitutes of Debian's packages."""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.ownership import OF_THE_EXCHANGE
from devtool.drills.production.engine import REMEDY, Engine, failed
from devtool.environments import ROOT
from devtool.errors import DevtoolError
from devtool.processes import run_to_end
from hub.roles import DESK, HALVES

SUITE = "trixie"
BASE_PACKAGES = "ca-certificates,python3,python3-venv,tzdata"
BASE = f"localhost/accord-drill-base:{SUITE}"
HUB = {half: f"localhost/accord-{half}:drill" for half in HALVES}
DEMONSTRATION = "localhost/accord-demonstration:drill"
# Target of substitutes.Dockerfile, by the variable that names the image in the compose files.
SUBSTITUTES = {"HUB_DB_IMAGE": "database", "HUB_REDIS_IMAGE": "broker", "HUB_PROXY_IMAGE": "proxy"}
SOURCES = ("docker-compose.yml", "deploy/compose.proxy.yml")
NAMED = re.compile(r"\$\{(HUB_\w+_IMAGE):-([^}]+)\}")


@dataclass
class Images:
    """The chosen images; `variables` go to compose, `said` to the reader."""

    base: str
    variables: dict[str, str] = field(default_factory=dict)
    said: list[str] = field(default_factory=list)


def choose_images(engine: Engine, wanted: str) -> Images:
    """Choose images: `wanted` is `pulled`, `debian`, or `auto`, which is pulled if the first of them can be."""
    named = {"BASE": _default_base(), **_default_images()}
    base = os.environ.get("BASE", named.pop("BASE"))
    if wanted == "debian" or (wanted == "auto" and not _is_had(engine, base)):
        return _substituted(engine, base, named)
    for image in (base, *named.values()):
        if not _is_had(engine, image):
            raise DevtoolError(
                f"{image} cannot be pulled.", "Stand-ins: ./dev drill production --images debian"
            )
    return Images(base, named, [f"as named: {', '.join((base, *named.values()))}"])


def build_hub(engine: Engine, images: Images) -> None:
    """Build the hub by its Dockerfile, and the demonstration's image on top of it."""
    for half, tag in HUB.items():
        build(engine, tag, ROOT / "Dockerfile", ROOT, {"BASE": images.base}, half)
    with tempfile.TemporaryDirectory(prefix="accord-drill-") as folder:
        context = Path(folder)
        for name in (*OF_THE_EXCHANGE, "demo", "devtool"):
            shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "requirements-embedded.txt", context)
        recipe = ROOT / "deploy" / "drill" / "demonstration.Dockerfile"
        build(engine, DEMONSTRATION, recipe, context, {"DESK_IMAGE": HUB[DESK]})
    images.variables |= {f"{half.upper()}_IMAGE": tag for half, tag in HUB.items()}
    images.variables["DEMONSTRATION_IMAGE"] = DEMONSTRATION


def build(
    engine: Engine, tag: str, recipe: Path, context: Path, arguments: Mapping[str, str], target: str = ""
) -> None:
    """Build one image; a package mirror and a certificate authority come from this process's environment, for the build alone."""
    index, certificates = os.environ.get("PIP_INDEX_URL"), os.environ.get("PIP_CERT")
    given = {**arguments, **({"PIP_INDEX_URL": index} if index else {})}
    command = ["build", "--tag", tag, "--file", str(recipe)]
    for name, value in given.items():
        command += ["--build-arg", f"{name}={value}"]
    if certificates:
        command += ["--secret", f"id=certificates,src={certificates}"]
    if engine.is_podman:
        command += ["--network", "host"]
    if target:
        command += ["--target", target]
    engine.run(*command, str(context))


def size_in_mb(engine: Engine, image: str) -> int:
    return int(json.loads(engine.run("image", "inspect", image))[0]["Size"]) // 1_000_000


def _default_base() -> str:
    found = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert found is not None, "the Dockerfile names a base"
    return found[1]


def _default_images() -> dict[str, str]:
    """Return the images of database, broker and proxy from the compose files, unless the environment names others."""
    text = "".join((ROOT / name).read_text() for name in SOURCES)
    return {
        name: os.environ.get(name, default) for name, default in NAMED.findall(text) if name in SUBSTITUTES
    }


def _is_had(engine: Engine, image: str) -> bool:
    """Tell whether it is here, or can be pulled."""
    if engine.try_run("image", "inspect", image).returncode == 0:
        return True
    # Docker resolves a short name at its own registry, podman not reliably.
    host = image.partition("/")[0]
    full = (
        image
        if "." in host or host == "localhost"
        else f"docker.io/{'' if '/' in image else 'library/'}{image}"
    )
    if engine.try_run("pull", "--quiet", full).returncode:
        return False
    return full == image or engine.try_run("tag", full, image).returncode == 0


def _substituted(engine: Engine, base: str, named: Mapping[str, str]) -> Images:
    images = Images(BASE)
    if engine.try_run("image", "inspect", BASE).returncode:
        _make_base(engine)
    images.said.append(f"{base} stood in for by Debian {SUITE}, python3")
    recipe = ROOT / "deploy" / "drill" / "substitutes.Dockerfile"
    for variable, target in SUBSTITUTES.items():
        tag = images.variables[variable] = f"localhost/accord-drill-{target}:{SUITE}"
        build(engine, tag, recipe, recipe.parent, {"BASE": BASE}, target)
        images.said.append(f"{named[variable]} stood in for by Debian's package")
    return images


def _make_base(engine: Engine) -> None:
    """Build a small Debian with its own Python, without pulling anything but packages."""
    if not shutil.which("debootstrap") or os.geteuid() != 0:
        raise DevtoolError("Stand-ins for images need debootstrap, run as root.", REMEDY)
    with tempfile.TemporaryDirectory(prefix="accord-drill-") as folder:
        root = Path(folder, "root")
        made = run_to_end(
            ["debootstrap", "--variant=minbase", f"--include={BASE_PACKAGES}", SUITE, str(root)], engine.env
        )
        if made.returncode:
            raise failed("debootstrap", made)
        with subprocess.Popen(["tar", "-C", str(root), "-cf", "-", "."], stdout=subprocess.PIPE) as tar:
            subprocess.run(
                [engine.program, "import", "-", BASE],
                env=dict(engine.env),
                stdin=tar.stdout,
                capture_output=True,
                check=True,
            )
