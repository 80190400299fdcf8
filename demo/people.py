# SPDX-License-Identifier: Apache-2.0
"""Officers of the demonstration, with passwords made for this installation, written to one file only they need."""

import json
import os
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from callers.actors import SystemActor
from callers.capabilities import Capability, Role
from demo.world import KEEPER, KEEPER_EMAIL, DemoAgency, DemoOfficer
from officers.accounts import enrol_keeper, enrol_officer
from officers.models import Officer
from peers.models import Agency

INSTALLER = SystemActor("installer", None, frozenset({Capability.DESK_KEEP}))
WORDS_A_PASSWORD = 4


@dataclass
class People:
    """Officers of hosted agencies by login name, the contents of `logins.json`, and the ids of officers elsewhere.

    An officer in an agency's own system has no account here, and an id that is drawn there.
    """

    officers: dict[str, Officer] = field(default_factory=dict)
    logins: list[dict[str, object]] = field(default_factory=list)
    elsewhere: dict[str, str] = field(default_factory=dict)
    """Ids by login name."""

    def __getitem__(self, login: str) -> Officer:
        return self.officers[login]

    def public_id(self, login: str) -> str:
        return self.elsewhere.get(login) or self.officers[login].public_id

    def name_elsewhere(self, demo: DemoAgency) -> dict[str, str]:
        """Draw the ids of the officers of an agency with its own system; return them by login name."""
        drawn = {officer.login: secrets.token_urlsafe(16) for officer in demo.officers}
        self.elsewhere |= drawn
        return drawn

    def enrol_keeper(self, *, now: datetime) -> Officer:
        password = new_password()
        keeper = enrol_keeper(
            INSTALLER, email=KEEPER_EMAIL, full_name=KEEPER.name, password=password, now=now
        )
        self._note(KEEPER, keeper, password, "")
        return keeper

    def enrol_agency(self, keeper: Officer, demo: DemoAgency, agency: Agency, *, now: datetime) -> None:
        """Have the keeper enrol the agency's admin, who enrols the rest."""
        admin = next(officer for officer in demo.officers if Role.AGENCY_ADMIN in officer.roles)
        actor = self._enrol(keeper, demo, agency, admin, now)
        for officer in demo.officers:
            if officer is not admin:
                self._enrol(actor, demo, agency, officer, now)

    def _enrol(
        self, actor: Officer, demo: DemoAgency, agency: Agency, person: DemoOfficer, now: datetime
    ) -> Officer:
        password = new_password()
        officer = enrol_officer(
            actor,
            agency,
            email=f"{person.login}@{demo.id}.example",
            full_name=person.name,
            roles=person.roles,
            password=password,
            duty_rank=person.duty,
            unit=person.unit,
            now=now,
        )
        self._note(person, officer, password, demo.id)
        return officer

    def _note(self, person: DemoOfficer, officer: Officer, password: str, agency: str) -> None:
        self.officers[person.login] = officer
        self.logins.append(
            {
                "email": officer.email,
                "name": officer.full_name,
                "agency": agency,
                "roles": [str(role.label) for role in person.roles],
                "password": password,
                "public_id": officer.public_id,
            }
        )


def new_password() -> str:
    """Return four groups that a person can read aloud."""
    alphabet = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(alphabet) for _ in range(5)) for _ in range(WORDS_A_PASSWORD))


def write_private(path: Path, content: object) -> None:
    """Write a file that only its owner may read: a text as it is, anything else as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(content if isinstance(content, str) else json.dumps(content, ensure_ascii=False, indent=1))
