# SPDX-License-Identifier: Apache-2.0
"""`./dev drill upgrade`: an older hub is upgraded to this code, goes on, and is rolled back to its dump.

The older hub and its users run the older code, from a checkout in a scratch folder; partners upgrade at other times than the
hub. Each time it is proved that nobody misses anything, nothing is shown twice, officers sign in, and the ledger is sound.
Without COMMIT it starts from the newest commit that has other migrations than this one, as the next upgrade of a hub that
follows `main` does. Requirements that differ are installed for the older code by its own `./dev`.
"""

import argparse
import json
import os
import subprocess
import tempfile
from collections import Counter, defaultdict
from collections.abc import Generator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from demo.cast import wait_for
from demo.ticks import StepFailedError, Ticks
from devtool.drills import acting
from devtool.drills.backups import dump, restore_dump
from devtool.drills.checkouts import (
    HERE,
    Checkout,
    check_out,
    commit_before_newest_migration,
    commit_named,
    refuse_other_beginning,
)
from devtool.drills.partners import HOSTED, PARTNERS, READER, REREAD_WITHIN_SECONDS, SENDER
from devtool.environments import inherited
from devtool.ports import free_ports
from devtool.secretstore import complete_secrets
from devtool.statefolder import StateFolder
from hub.roles import HALVES, MIGRATES, SEQUENCES

AUTHOR, RELEASER, HOSTED_READER = "ilka", "benno", "aroha"
HOSTED_ADMINS = ("sunniva", "wirin")
"""Admins of the three officers' agencies."""


def run(arguments: list[str]) -> int:
    """Run the drill; return 0 if all of it held."""
    parser = argparse.ArgumentParser(prog="./dev drill upgrade")
    parser.add_argument("commit", nargs="?", help="where the upgrade starts from")
    parser.add_argument(
        "--together",
        action="store_true",
        help="partners move to the newer client with the hub, and nothing is rolled back: for a commit from before the"
        " last change of the exchange's answers",
    )
    options = parser.parse_args(arguments)
    commit = commit_named(options.commit) if options.commit else commit_before_newest_migration()
    refuse_other_beginning(commit)
    ticks = Ticks()
    ticks.line(f"Accord is upgraded from {commit[:7]}{'' if options.together else ', and rolled back'}")
    with tempfile.TemporaryDirectory(prefix="accord-upgrade-", ignore_cleanup_errors=True) as scratch:
        # A database server that may not run as root must be able to enter this folder.
        Path(scratch).chmod(0o711)
        try:
            _play(commit, Path(scratch), ticks, together=options.together)
        except StepFailedError:
            return 1
    return 0


class _Ask:
    """One process of `devtool.drills.acting`, which answers commands."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def __call__(self, name: str, *arguments: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([name, *arguments]), file=self._process.stdin, flush=True)
        line = self._process.stdout.readline()
        if not line:
            raise StepFailedError(f"The process that was to do `{name}` has ended.")
        answer = json.loads(line)
        if "failure" in answer:
            raise StepFailedError(answer["failure"])
        return answer["answer"]


@contextmanager
def _acting(
    checkout: Checkout, *arguments: str, environment: Mapping[str, str] | None = None
) -> Generator[_Ask]:
    """Yield a process with the code of `checkout`; it ends when its input does."""
    process = subprocess.Popen(
        [str(checkout.python), "-P", acting.__file__, *arguments],
        env={**inherited(os.environ), **(environment or {}), "PYTHONPATH": str(checkout.folder)},
        cwd=checkout.folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        # Ctrl-C is for this process, which then ends the others in order.
        start_new_session=True,
    )
    try:
        yield _Ask(process)
    finally:
        process.communicate()


def _play(commit: str, scratch: Path, ticks: Ticks, *, together: bool) -> None:
    with ticks.step(f"The code of {commit[:7]}"):
        older = check_out(commit, scratch / "code")
    folder, dumped = scratch / "state", scratch / "before.dump"
    secrets = StateFolder(folder).secrets_file
    where = ("hub", str(folder), *(str(port) for port in free_ports(2)))
    with ExitStack() as users:
        with _acting(older, *where) as hub:
            hub("stores")
            hub("prepare")
            story = _Story(ticks, hub("processes"), older, users)
            story.begin()
        kept = secrets.read_bytes()
        complete_secrets(secrets)
        ticks.heading("The older hub is stopped; the newer one takes its place")
        with _acting(HERE, *where) as hub:
            _upgrade(ticks, hub, dumped)
            story.go_on(hub, together=together)
        if together:
            return
        ticks.heading("The newer hub is stopped; the older one comes back")
        secrets.write_bytes(kept)
        with _acting(older, *where) as hub:
            _roll_back(ticks, hub, dumped)
            story.stand_where_the_dump_was(hub)


class _Story:
    """The acts of people and partners before, between and after. Partners move to the newer client one by one."""

    def __init__(
        self, ticks: Ticks, environment: Mapping[str, str], older: Checkout, users: ExitStack
    ) -> None:
        self._ticks = ticks
        self._older, self._newer = (
            users.enter_context(_acting(checkout, "users", environment=environment))
            for checkout in (older, HERE)
        )
        self._to_partners: list[str] = []
        self._from_hosted: list[str] = []
        self._shown: defaultdict[str, Counter[str]] = defaultdict(Counter)
        self._draft = self._as_drafted = ""

    def begin(self) -> None:
        """Play at the older hub, with the older client."""
        with self._ticks.step("Sent, read by a partner and at the desk"):
            self._send("before the upgrade", self._older)
            self._require_shown(self._older)
            self._require_at_the_desk(self._older)
        with self._ticks.step("A draft is kept, an officer has a second factor") as step:
            self._draft = self._older("keep_draft", AUTHOR)
            self._as_drafted = self._older("state_of", AUTHOR, self._draft)
            self._older("set_up_codes", RELEASER)
            step.evidence(self._as_drafted)

    def go_on(self, hub: _Ask, *, together: bool) -> None:
        """Play at the upgraded hub: officers and one partner with the newer code, the other one with the older client."""
        client, name = (self._newer, "newer") if together else (self._older, "older")
        self._require_drafted()
        with self._ticks.step("API keys serve on, or their agencies ask for others") as step:
            ended = [agency for agency in PARTNERS if not client("is_served", agency)]
            if ended:
                hub("manage", "operator", "invite_operator", "Drill")
            for agency in ended:
                return_key = hub("manage", "operator", "issue_return_key", agency, "accord", "--by", "Drill")
                self._newer("come_back", agency, return_key)
            step.evidence(f"issued anew: {', '.join(ended) or 'none'}")
        with self._ticks.step("It is submitted, checked, released with the second factor"):
            self._newer("submit", AUTHOR, self._draft)
            self._newer("release", RELEASER, self._draft)
            self._from_hosted.append(
                wait_for(lambda: self._newer("digest_of", AUTHOR, self._draft), "A receipt of the ledger")
            )
        with self._ticks.step(f"A partner with the {name} client has it once"):
            self._wait_until_shown(SENDER, self._from_hosted, client)
        with self._ticks.step("That one sends; a partner with the newer client has it once"):
            self._send("after the upgrade", client)
            self._require_shown(self._newer)
            self._require_at_the_desk(self._newer)
        self._require_sound(hub)

    def stand_where_the_dump_was(self, hub: _Ask) -> None:
        """Play at the hub that was rolled back; partners keep the client that they have."""
        with self._ticks.step("Admins go through the restore where it closes sign-in") as step:
            for login in HOSTED_ADMINS:
                step.evidence(f"{login}: {self._older('go_through_restore', login) or 'sign-in was open'}")
        self._require_drafted()
        with self._ticks.step("What is new is shown, nothing twice"):
            self._send("after the roll-back", self._older)
            self._require_shown(self._newer)
            self._wait_until_shown(SENDER, self._from_hosted, self._older)
        with self._ticks.step("What the dump lacked comes back from its sender"):
            self._older("look", SENDER)
            self._require_at_the_desk(self._older)
            self._require_shown(self._newer)
        self._require_sound(hub)

    def _send(self, title: str, client: _Ask) -> None:
        self._to_partners.append(client("send", SENDER, title, READER, HOSTED))

    def _require_drafted(self) -> None:
        with self._ticks.step("Officers sign in, one with a second factor; the draft is there"):
            self._newer("sign_in", RELEASER)
            found = self._newer("state_of", AUTHOR, self._draft)
            if found != self._as_drafted:
                raise StepFailedError(f"The draft is now: {found}")

    def _require_shown(self, client: _Ask) -> None:
        self._wait_until_shown(READER, self._to_partners, client)

    def _wait_until_shown(self, agency: str, digests: list[str], client: _Ask) -> None:
        """Require that the agency's system, by any client, was shown each of these once."""
        shown = self._shown[agency]

        def look() -> bool | None:
            shown.update(client("watch", agency))
            return all(md in shown for md in digests) or None

        wait_for(look, f"Every alert at {agency}")
        twice = [md for md in digests if shown[md] != 1]
        if twice:
            raise StepFailedError(f"{agency} was shown more than once: {', '.join(twice)}")

    def _require_at_the_desk(self, client: _Ask) -> None:
        client("sign_in", HOSTED_READER)

        def look() -> list[str] | None:
            there = client("desk", HOSTED_READER)
            return there if set(there) >= set(self._to_partners) else None

        there = Counter(wait_for(look, "Every alert at the desk", within_seconds=REREAD_WITHIN_SECONDS))
        twice = [md for md, count in there.items() if count > 1]
        if twice:
            raise StepFailedError(f"At the desk more than once: {', '.join(twice)}")

    def _require_sound(self, hub: _Ask) -> None:
        with self._ticks.step("The logs of both halves are sound") as step:
            for role in SEQUENCES.values():
                step.evidence(hub("manage", role, "verify_ledger").splitlines()[0])


def _upgrade(ticks: Ticks, hub: _Ask, file: Path) -> None:
    """Upgrade as in docs/operations.md, on the same database and state folder."""
    owner_urls = hub("stores")
    with ticks.step("Dumped"):
        for half in HALVES:
            dump(owner_urls[half], _of_half(file, half))
    with ticks.step("Migrated") as step:
        for role in MIGRATES.values():
            hub("manage", role, "migrate", "--verbosity", "0")
        said = hub("manage", "desk", "bind_rows", "--all")
        step.evidence(f"bind_rows: {' '.join(said.splitlines()[-2:]) or 'nothing to do'}")
    hub("processes")


def _roll_back(ticks: Ticks, hub: _Ask, file: Path) -> None:
    with ticks.step("The dumps are restored under the older code, the logs adopted") as step:
        owner_urls = hub("stores")
        for half in HALVES:
            restore_dump(owner_urls[half], _of_half(file, half))
            hub("manage", MIGRATES[half], "migrate", "--verbosity", "0")
            step.evidence(hub("manage", SEQUENCES[half], "adopt_ledger", "--yes"))
    hub("processes")


def _of_half(file: Path, half: str) -> Path:
    return file.with_name(f"{half}-{file.name}")
