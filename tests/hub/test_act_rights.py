# SPDX-License-Identifier: Apache-2.0
"""The database binds each audit event to login and time, and lets a login write only the acts of its role."""

import ast
import re
from collections.abc import Generator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest
from django.db import connection
from psycopg import errors

from desk.agency.audit.act_kinds import KINDS, POWER_ACTS
from desk.agency.audit.words import ACTS
from hub.act_rights import ACTS_OF, grant_acts
from hub.grants import apply_after_migrate
from hub.roles import LOGINS
from ledger.audit import event_digest
from ledger.models import AuditEvent

FORGED: Final = """
INSERT INTO ledger_auditevent (at, actor, agency, act, subject, reason, detail, salt, od, logged_at, login)
VALUES (%(at)s, 'officer:o9', 'xa-lab', %(act)s, 'alert 1', '', '{}', '\\x00112233445566778899aabbccddeeff',
    %(od)s, %(at)s, 'somebody else') RETURNING seq
"""
DESK_LOGIN: Final = LOGINS["desk"]
ROOT: Final = Path(__file__).resolve().parents[2]
ACT: Final = re.compile(r"[a-z]+\.[a-z_]+")
NO_ACTS: Final = frozenset(
    {
        *(
            "alert.json",
            "ledger.api",
            "ledger.running",
            "power.changes",
            "science.reevaluate",
            "spectrum.msp",
        ),
        *(f"vault.{task}" for task in ("announce_instances", "forget_proposals", "give_again")),
        *(f"vault.{task}" for task in ("renew_exchange_keys", "send_key_statements")),
    }
)
"""Texts that look like acts and name modules, files or tasks."""
LONG_AGO: Final = datetime(2020, 1, 1, tzinfo=UTC)


def forge(opened: psycopg.Connection, act: str) -> int:
    row = opened.execute(FORGED, {"at": LONG_AGO, "act": act, "od": "A" * 43}).fetchone()
    assert row is not None
    return int(row[0])


@pytest.fixture
def login_of() -> Generator[Any]:
    """Give the desk's login the acts of a single role."""

    def give(role: str) -> None:
        with connection.cursor() as cursor:
            grant_acts(cursor, {role: DESK_LOGIN})

    yield give
    apply_after_migrate()


def test_time_and_login_are_the_databases_own(desk_connection: psycopg.Connection) -> None:
    seq = forge(desk_connection, "alert.opened")
    event = AuditEvent.objects.get(seq=seq)
    assert event.login == DESK_LOGIN
    assert event.logged_at is not None
    assert abs(event.logged_at - datetime.now(UTC)) < timedelta(minutes=5)
    assert event.od != "A" * 43
    event.login = "somebody else"
    assert event_digest(event) != event.od


@pytest.mark.parametrize("act", ["audit.pruned", "no.such_act"])
def test_no_login_of_the_application_writes_a_pruning(desk_connection: psycopg.Connection, act: str) -> None:
    with pytest.raises(errors.RestrictViolation, match=act):
        forge(desk_connection, act)


@pytest.mark.parametrize(
    ("role", "act"),
    [
        ("exchange", "alert.opened"),
        ("exchange", "officer.roles_changed"),
        ("mailer", "alert.opened"),
        ("desk-worker", "alert.opened"),
        ("sequencer", "envelope.carried"),
        ("desk", "sequencer.resumed"),
        ("nobody", "alert.opened"),
    ],
)
def test_a_login_writes_only_acts_of_its_own(
    desk_connection: psycopg.Connection, login_of: Any, role: str, act: str
) -> None:
    login_of(role)
    with pytest.raises(errors.RestrictViolation, match=act):
        forge(desk_connection, act)
    for own in sorted(ACTS_OF.get(role, ()))[:1]:
        forge(desk_connection, own)


def test_an_event_without_a_digest_is_refused(desk_connection: psycopg.Connection) -> None:
    with pytest.raises(errors.CheckViolation):
        desk_connection.execute(
            FORGED, {"at": LONG_AGO, "act": "alert.opened", "od": '","login":"x","t":1,"v":2}'}
        )


def acts_in_the_source() -> set[str]:
    """Return texts that look like an act, with a noun that acts have; keywords tell fields of serializers apart."""
    nouns = {act.partition(".")[0] for act in frozenset(ACTS).union(*ACTS_OF.values())}
    found = set()
    for room in (
        "agencies",
        "alerts",
        "callers",
        "casework",
        "desk",
        "hub",
        "ledger",
        "notices",
        "officers",
        "operators",
        "peers",
        "reciprocity",
        "science",
        "sharing",
        "vault",
    ):
        for path in (ROOT / room).rglob("*.py"):
            if "migrations" in path.parts or path.name == "act_rights.py":
                continue
            tree = ast.parse(path.read_text())
            fields = {
                id(word.value)
                for word in ast.walk(tree)
                if isinstance(word, ast.keyword) and word.arg == "source"
            }
            for node in ast.walk(tree):
                text = node.value if isinstance(node, ast.Constant) and id(node) not in fields else None
                if isinstance(text, str) and ACT.fullmatch(text) and text.partition(".")[0] in nouns:
                    found.add(text)
    return found - NO_ACTS


DECLARED: Final = frozenset().union(*ACTS_OF.values())


def test_every_act_belongs_to_a_role() -> None:
    assert acts_in_the_source() <= DECLARED
    assert frozenset().union(POWER_ACTS, *KINDS.values()) <= DECLARED


def test_every_act_has_its_words_and_no_words_are_left_over() -> None:
    assert DECLARED - ACTS.keys() == set(), "name them in desk/agency/audit/words.py"
    assert ACTS.keys() - DECLARED == set()


BEGINNINGS: Final = re.compile(
    r"[a-z]+ed|began|brought|chose|found|gave|had|kept|let|made|met|read|reset|sent|set|told|took|was|went|withdrew"
)
"""Verbs in the past tense: an entry reads on from the name of who acted."""


def test_the_words_of_an_act_begin_with_a_verb_in_the_past_tense() -> None:
    first = {act: str(words).split()[0] for act, words in ACTS.items()}
    assert {act: word for act, word in first.items() if not BEGINNINGS.fullmatch(word)} == {}
    raw = {act: words for act, words in ACTS.items() if re.search(r"[._]", str(words))}
    assert raw == {}, "words, not names of the code"
