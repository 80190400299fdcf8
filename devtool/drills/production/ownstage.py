# SPDX-License-Identifier: Apache-2.0
"""An own desk by its compose profile: first start, exchange, lock. Called by `./dev drill production --own-desk`."""

import re
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from accord.envelope.keys import show_fingerprint
from demo.telephone import Telephone
from demo.ticks import Step
from devtool.drills.production.checks import require
from devtool.drills.production.material import EXCHANGE_HOST, HUB_HOST, PROXY_UID, Material, hand_over
from devtool.drills.production.ownvisitor import Visitor
from devtool.drills.production.stack import Container, Stack
from devtool.ports import LOOPBACK
from devtool.processes import wait_until
from hub.draw_secrets import HUB_UID
from hub.roles import DESK, EXCHANGE, ROLES

OWN_DESK, WORKER = "own-desk", "own-desk-worker"
OF_THE_EXCHANGE: Final = ("EXCHANGE_URL", "LEDGER_VKEY", "EXCHANGE_HOST")
KEEPER: Final = "noor@hub.example"
FIRST_START, UNLOCK, DRAW = "/first-start/", "/unlock/", ("python", "manage.py", "draw_first_start_code")
OPENED, LOCKED = "/run/accord-desk/kek", "/var/lib/accord-desk/kek.locked"
DIGEST = "/var/lib/accord-desk/first-start"
WRONG: Final = "a wrong passphrase"
_CODE: Final = re.compile(r"(?:[A-Z2-7]{4}-){3}[A-Z2-7]{4}")
_RECOVERY_KEY: Final = re.compile(r'class="secret digest"><bdi>([^<]+)</bdi>')
READY_WITHIN_SECONDS: Final = 60.0


@dataclass
class OwnStage:
    """The own desk of one drill beside the exchange of another, in one compose project with separate settings."""

    exchange: Stack
    desk: Stack
    material: Material
    passphrase: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)
    password: str = field(default_factory=lambda: secrets.token_urlsafe(18), repr=False)
    code: str = field(default="", repr=False)
    recovery_key: str = field(default="", repr=False)
    keeper: Visitor | None = field(default=None, repr=False)
    """Signed in since the first start."""

    def visitor(self) -> Visitor:
        """Return a browser without cookies, and the keeper's telephone."""
        folder = self.material.folder
        port = int(self.desk.settings["DESK_HTTPS_PORT"])
        return Visitor(HUB_HOST, port, folder / "authority.pem", Telephone(folder / "telephone"))

    def container(self, service: str) -> Container:
        (found,) = self.desk.containers(service)
        return found

    def has(self, service: str, path: str) -> bool:
        return self.desk.inside(self.container(service), "test", "-f", path).returncode == 0


def own_stage(stack: Stack, material: Material) -> OwnStage:
    """Return an own desk without settings of the exchange, with secrets that the image draws for it; and that exchange."""
    told = {name: value for name, value in stack.settings.items() if name not in OF_THE_EXCHANGE}
    told["EXCHANGE_CA"] = str(material.folder / "authority.pem")
    own = material.folder / "own-secrets"
    own.mkdir()
    told["SECRETS_DIR"] = str(own)
    drawing = ("python", "-m", "hub.draw_secrets", HUB_HOST, "/secrets")
    said = stack.engine.run(
        *("run", "--rm", "--network", "none", "--user", "0:0", "--volume", f"{own}:/secrets"),
        *(stack.settings["DESK_IMAGE"], *drawing),
    )
    told["DESK_LEDGER_VKEY"] = said.strip().removeprefix("DESK_LEDGER_VKEY=")
    for name in ("desk_tls_certificate", "desk_tls_key"):
        shutil.copy(material.folder / "secrets" / name, own)
        hand_over(own / name, PROXY_UID, 0o400, 0o444)
    return OwnStage(
        Stack(stack.engine, stack.settings, (EXCHANGE,)),
        Stack(stack.engine, told, (OWN_DESK,), (*stack.files, "deploy/compose.exchange-ca.yml")),
        material,
    )


def bring_up(stage: OwnStage, step: Step) -> None:
    stage.exchange.start()
    stage.desk.start()
    found = sorted(
        {one.service for one in stage.desk.containers() if one.service.startswith(("own", "desk"))}
    )
    step.evidence(", ".join(found))


def see_where_it_listens(stage: OwnStage, step: Step) -> None:
    published: dict[str, list[dict[str, str]]] = stage.container("own-desk-proxy").facts["HostConfig"][
        "PortBindings"
    ]
    addresses = {bound["HostIp"] for bindings in published.values() for bound in bindings}
    require(addresses == {LOOPBACK}, f"It listens on {', '.join(sorted(addresses))}.")


def see_folders(stage: OwnStage, step: Step) -> None:
    for service in (OWN_DESK, WORKER):
        kind = stage.desk.inside(
            stage.container(service), "stat", "-f", "-c", "%T", "/run/accord-desk"
        ).stdout
        owner = stage.desk.inside(stage.container(service), "stat", "-c", "%u %a", "/run/accord-desk").stdout
        require(
            (kind.strip(), owner.strip()) == ("tmpfs", f"{HUB_UID} 700"),
            f"{service} has {kind.strip()}, {owner}.",
        )
    for path in (OPENED, LOCKED):
        wrote = stage.desk.inside(stage.container(WORKER), "touch", path)
        require("Read-only file system" in wrote.stderr, f"{WORKER} may write {path}.")
    step.evidence(f"tmpfs, uid {HUB_UID}, mode 700; {WORKER} reads it only")


def draw_code(stage: OwnStage, step: Step) -> None:
    """Draw the console's code: nobody begins without it, and a second one invalidates the first."""
    require(stage.visitor().get(FIRST_START).status == 404, "Without a code there is a first start.")
    desk = stage.container(OWN_DESK)
    drawn = [stage.desk.inside(desk, *DRAW).stdout for _ in range(2)]
    earlier, stage.code = ("".join(_CODE.findall(text)) for text in drawn)
    require(bool(stage.code) and earlier != stage.code, f"It said: {drawn[-1]}")
    kept = stage.desk.inside(desk, "cat", DIGEST).stdout.strip()
    require(kept == sha256(stage.code.replace("-", "").encode()).hexdigest(), "Another digest is kept.")
    mode = stage.desk.inside(desk, "stat", "-c", "%a", DIGEST).stdout.strip()
    require(mode == "600", f"Its file has mode {mode}.")
    refused = stage.visitor().send(FIRST_START, code=earlier)
    require(refused.status == 422, f"The earlier code was answered {refused.status}.")


def start_first(stage: OwnStage, step: Step) -> None:
    """Go through code, recovery key, passphrase, keeper and second factor."""
    visitor = stage.visitor()
    page = visitor.sent(FIRST_START, code=stage.code)
    shown = _RECOVERY_KEY.search(page)
    require(shown is not None, "No recovery key is shown.")
    assert shown is not None
    stage.recovery_key = shown[1].strip()
    made = visitor.send(
        FIRST_START,
        page,
        written_down=stage.recovery_key.rpartition("-")[2],
        passphrase=stage.passphrase,
        passphrase_again=stage.passphrase,
    )
    require(made.status == 302, f"The passphrase was answered {made.status}.")
    page = visitor.sent(
        FIRST_START,
        code=stage.code,
        full_name="Noor Ashdene",
        email=KEEPER,
        password=stage.password,
        again=stage.password,
    )
    require("You are the keeper" in page, "No keeper was made.")
    visitor.sign_in(KEEPER, stage.password)
    visitor.text("/")
    stage.keeper = visitor
    require(visitor.get(FIRST_START).status == 404, "The first start is open still.")
    drawn = stage.desk.inside(stage.container(OWN_DESK), *DRAW)
    require(
        drawn.returncode == 1 and "No code is drawn" in drawn.stderr, f"A code is drawn still: {drawn.stderr}"
    )
    step.evidence("closed for good: the page is gone, and no code is drawn any more")


def name_exchange(stage: OwnStage, step: Step) -> None:
    """Name the exchange by its proxy's name, with verified certificate, from the desk's container."""
    visitor = stage.keeper
    assert visitor is not None
    url, vkey = f"https://{EXCHANGE_HOST}", stage.material.drawn.ledger_vkey()
    page = visitor.sent("/desk/exchange/", url=url, vkey=vkey)
    fingerprint = show_fingerprint(sha256(vkey.encode()).hexdigest())
    require(fingerprint in page, "The page shows another fingerprint.")
    kept = visitor.send("/desk/exchange/", page)
    require(kept.status == 302, f"It was answered {kept.status}.")
    require(url in visitor.text("/desk/exchange/"), "The desk does not know its exchange.")
    step.evidence(f"{url}, {fingerprint[:29]} ...")


def see_ring(stage: OwnStage, step: Step) -> None:
    for service in (OWN_DESK, WORKER):
        require(stage.has(service, OPENED) and stage.has(service, LOCKED), f"{service} lacks the ring.")
    for one in stage.desk.containers():
        if one.service not in {OWN_DESK, WORKER} and one.health != "exited":
            found = stage.desk.inside(one, "ls", OPENED)
            require(found.returncode != 0, f"{one.service} finds the opened ring.")


def stop_and_start(stage: OwnStage, step: Step) -> None:
    """Stop and start the desk: what was in memory must be gone for every kind of request."""
    services = stage.desk.must("config", "--services").split()
    stage.desk.must("stop", *(name for name in services if name != "mail"))
    stage.desk.start()
    wait_until(stage.visitor().is_answered, "The desk", timeout_seconds=READY_WITHIN_SECONDS)
    require(not stage.has(OWN_DESK, OPENED) and stage.has(OWN_DESK, LOCKED), "The opened ring outlived it.")
    visitor = stage.visitor()
    led = visitor.get("/inbox/")
    require(led.headers.get("Location") == UNLOCK, f"/inbox/ was answered {led.status}.")
    refused = visitor.get("/api/v1/alerts")
    require(refused.status == 503 and b"desk-locked" in refused.data, f"The API answered {refused.status}.")
    require(visitor.get(FIRST_START).status == 404, "The first start is open again.")


def unlock(stage: OwnStage, step: Step) -> None:
    """Unlock by the passphrase, lock, and unlock by the recovery key; the worker, too."""
    assert stage.keeper is not None
    for secret in (stage.passphrase, stage.recovery_key):
        visitor = stage.visitor()
        wrong = visitor.send(UNLOCK, secret=WRONG)
        require(wrong.status == 422, f"A wrong passphrase was answered {wrong.status}.")
        opened = visitor.send(UNLOCK, secret=secret)
        require(opened.status == 303, f"The right one was answered {opened.status}.")
        require(stage.has(WORKER, OPENED), "The worker does not have it.")
        stage.keeper.text("/")
        if secret == stage.passphrase:
            done = stage.desk.inside(stage.container(OWN_DESK), "python", "manage.py", "lock_desk")
            require("The desk is locked" in done.stdout and not stage.has(WORKER, OPENED), done.stderr)
    again = stage.visitor()
    again.sign_in(KEEPER, stage.password)
    again.text("/")


def replace_desk(stage: OwnStage, step: Step) -> None:
    """Replace the desk as an upgrade does: the worker, and with it the file system in memory, stays."""
    before = stage.container(OWN_DESK)
    stage.desk.replace(OWN_DESK)
    after = stage.container(OWN_DESK)
    require(before.id != after.id, "The container is the same.")
    require(stage.has(OWN_DESK, OPENED), "The desk is locked.")
    visitor = stage.visitor()
    wait_until(visitor.is_answered, "The desk", timeout_seconds=READY_WITHIN_SECONDS)
    require(visitor.get("/login/").status == 200, "The sign-in page is not there.")


def start_mailer(stage: OwnStage, step: Step) -> None:
    """Start the mailer once the desk has a mail server."""
    path = Path(stage.desk.settings["SECRETS_DIR"], "mailer_email_url")
    path.write_text("smtp://mail:1025\n")
    hand_over(path, HUB_UID, 0o400, 0o444)
    stage.desk = replace(stage.desk, profiles=(OWN_DESK, "own-desk-mail"))
    stage.desk.start("mailer")
    step.evidence(f"mailer x {len(stage.desk.containers('mailer'))}")


def see_logs(stage: OwnStage, step: Step) -> None:
    forbidden = {
        **_secrets_held(stage),
        "the code": stage.code,
        "the passphrase": stage.passphrase,
        "the recovery key": stage.recovery_key,
        "the keeper's password": stage.password,
    }
    logs = stage.desk.logs()
    require("own-desk-1" in logs, "The desk's log is not among them.")
    found = [name for name, value in forbidden.items() if value in logs]
    require(not found, f"In a log: {', '.join(found)}.")
    step.title = f"Logs: none of {len(forbidden)} secrets"


def _secrets_held(stage: OwnStage) -> dict[str, str]:
    """Return the secrets that the hub's containers hold, in the form to search for: of an address its password."""
    found: dict[str, str] = {}
    for one in stage.desk.containers():
        role = {OWN_DESK: "desk", WORKER: "desk-worker"}.get(one.service, one.service)
        if role not in ROLES or ROLES[role].half != DESK or one.health == "exited":
            continue
        for line in stage.desk.inside(one, "grep", "-r", "", "/run/secrets").stdout.splitlines():
            path, _, value = line.partition(":")
            secret = urlsplit(value).password if "://" in value else value
            found |= {f"{Path(path).name} of {one.service}": secret} if secret else {}
    return found


def see_health(stage: OwnStage, step: Step) -> None:
    wait_until(lambda: not stage.desk.unwell(), "Every service", timeout_seconds=READY_WITHIN_SECONDS)
    used = [f"{name} {amount}" for name, amount in sorted(stage.desk.memory().items()) if "desk" in name]
    for start in range(0, len(used), 4):
        step.evidence(", ".join(used[start : start + 4]))


OwnStep = Callable[[OwnStage, Step], None]
STEPS: Final[tuple[tuple[str, OwnStep], ...]] = (
    ("The exchange, and an own desk that was told nothing of it, are healthy", bring_up),
    (f"The own desk is published on {LOOPBACK} alone", see_where_it_listens),
    ("The folder of the opened ring is in memory", see_folders),
    ("A code is drawn in the desk's container", draw_code),
    ("First start: recovery key, passphrase, keeper, second factor", start_first),
    ("The exchange is named through TLS, its key's fingerprint shown", name_exchange),
    ("The opened ring is with desk and worker, and with nobody else", see_ring),
    ("Stopped and started it is locked", stop_and_start),
    ("Opened by the passphrase, and by the recovery key", unlock),
    # Before a container is removed together with its log.
    ("Logs", see_logs),
    ("The desk is replaced by a new container, and stays open", replace_desk),
    ("A mailer, once there is a mail server", start_mailer),
    ("All are healthy; memory", see_health),
)
