# SPDX-License-Identifier: Apache-2.0
"""The guide's commands run as written, from nothing to acknowledged alerts, against a hub's real processes."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from desk.web.api_urls import SCIENCE
from devtool.environments import ROOT, World, role_environment
from devtool.managing import OPERATOR
from officers.models import Officer
from sharing.models import Delivery
from tests.conftest import HubProcesses
from tests.pages.desk_world import PASSWORD, DeskWorld

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        shutil.which("curl") is None, reason="the guide's commands need curl, which is not here"
    ),
]
BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)

DEV = """#!/bin/sh
# Stands in for ./dev beside the hub of a test: the same verbs, its addresses.
verb=$1; shift
case $verb in
    shell-env) cat addresses.sh ;;
    accord) exec {python} -m accord "$@" ;;
    manage)
        case $1 in
            {operators}) . ./operator.sh ;;
            *) . ./desk.sh ;;
        esac
        exec {python} {root}/manage.py "$@" ;;
esac
"""


@pytest.fixture
def desk(transactional_db: None, tmp_path: Path) -> DeskWorld:
    return DeskWorld.kept(tmp_path / "ledger", passwords=True)


@pytest.fixture
def beside_a_hub(
    desk: DeskWorld, hub_processes: HubProcesses, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """A folder in which `./dev` finds the running hub, with the officers' sign-ins in `.dev`."""
    monkeypatch.setenv("FOLLOW_SECONDS", "1")
    hub_processes.sequencer()
    hub_processes.desk()
    hub_processes.exchange()
    hub_processes.desk_worker()
    hub_processes.mailer(beat=True)
    folder = tmp_path / "checkout"
    (folder / ".dev" / "demo").mkdir(parents=True)
    people = [
        {"email": officer.email, "password": PASSWORD} for officer in Officer.objects.filter(is_active=True)
    ]
    (folder / ".dev" / "demo" / "logins.json").write_text(json.dumps(people))
    _write_dev(folder, hub_processes.world)
    return folder


def _write_dev(folder: Path, world: World) -> None:
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in world.addresses().items())
    (folder / "addresses.sh").write_text(exports)
    for role in ("desk", "operator"):
        environment = role_environment(role, world).items()
        exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment)
        (folder / f"{role}.sh").write_text(exports)
    (folder / "dev").write_text(DEV.format(python=sys.executable, root=ROOT, operators="|".join(OPERATOR)))
    (folder / "dev").chmod(0o700)


def blocks() -> list[str]:
    return BLOCK.findall((ROOT / "docs" / "api.md").read_text(encoding="utf-8"))


@pytest.mark.timeout(900)
def test_every_command_of_the_guide_runs_as_it_stands(beside_a_hub: Path) -> None:
    script = beside_a_hub / "guide.sh"
    script.write_text("\n".join(blocks()), encoding="utf-8")
    done = subprocess.run(
        ["bash", str(script)],
        cwd=beside_a_hub,
        env={"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(beside_a_hub)}
        | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=800,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    for said in ("Impregnated paper in a book", "submitted", "released", "A field was not accepted."):
        assert said in done.stdout, said
    answered = Delivery.objects.filter(acknowledged_at__isnull=False)
    assert sorted(answered.values_list("recipient_id", flat=True)) == ["xb-health", "xb-health", "xg-port"]
    assert (
        beside_a_hub / "first-steps" / "received.msp"
    ).read_bytes() == b"Name: etizolam\nPrecursorMZ: 343.0779\nNum Peaks: 2\n259.0217 40\n314.0388 100\n"
    assert (beside_a_hub / "first-steps" / "saved").is_dir()


def test_every_address_of_the_science_core_stands_in_the_guide() -> None:
    guide = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    for pattern in (pattern for module in SCIENCE for pattern in module.urlpatterns):
        address = "/" + re.sub(r"<[^>]+>", "{id}", str(pattern.pattern))
        assert re.search(rf"[` ]{re.escape(address)}[`?]", guide), address


def test_the_guide_has_as_many_blocks_as_jobs() -> None:
    assert len(blocks()) >= 13
