# SPDX-License-Identifier: Apache-2.0
"""Resuming after two years, with keys, officers and root changed: what the old root led to passes, the rest is said or waits."""

from dataclasses import replace

import pytest

from alerts.agency.lanes import resume_lanes, suspend_lanes
from alerts.errors import SendingStoppedError
from alerts.peers.comparing import PeerTrust, compare_fingerprint, peer_of
from alerts.peers.pins import change_book
from alerts.receiving.following import follow_peers
from alerts.review.may_send import may_send
from callers.capabilities import Role
from officers.models import Officer
from tests.alerts.conftest import Desks
from tests.stages import act
from vault.agency_keys import rotate_agency_keys

TERMS = {"lane": "science", "purpose": "prevent", "tlp": "GREEN", "pri": "routine"}
PEER = "xe-drugs"


@act
def suspended_and_renewed(desks: Desks) -> tuple[Officer, Officer]:
    """Suspend, and let the keys of both be renewed twice; return who suspended and who keeps the keys."""
    before = desks.hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN)
    keeps_keys = desks.hub.make_officer(desks.lab.agency, Role.KEY_OFFICER)
    suspend_lanes(before, [PEER], ["science"], now=desks.hub.now)
    desks.settle()
    for _ in range(2):
        renew(desks, keeps_keys)
    return before, keeps_keys


def renew(desks: Desks, keeps_keys: Officer, **root: bool) -> None:
    """Eight months later renew the keys of both."""
    desks.hub.later(days=243)
    rotate_agency_keys(keeps_keys, desks.lab.agency, now=desks.hub.now)
    desks.hub.renew_all_keys(desks.own, **root)


@act
def years_later(desks: Desks, **root: bool) -> None:
    """Suspend, let the keys of both be renewed for two years, the last time by another root, and resume as a new admin."""
    hub = desks.hub
    before, keeps_keys = suspended_and_renewed(desks)
    renew(desks, keeps_keys, **root)
    before.is_active = False
    before.save(update_fields=["is_active"])
    hub.later(days=4)
    hub.sequence()
    follow_peers(desks.lab.agency, now=hub.now)
    new = hub.make_officer(desks.lab.agency, Role.AGENCY_ADMIN, name="Vesna Lindqvist")
    resume_lanes(new, [PEER], ["science"], now=hub.now)
    desks.settle()


def trust(desks: Desks) -> PeerTrust:
    return peer_of(desks.lab.author, PEER, now=desks.hub.now)


def answer(desks: Desks) -> tuple[bool, str]:
    (row,) = may_send(desks.lab.reader, TERMS, [PEER], now=desks.hub.now).rows
    return row.verdict.will, row.verdict.code


def test_a_root_that_the_old_one_signed_passes_and_is_said(desks: Desks) -> None:
    years_later(desks, change_root=True)
    assert answer(desks) == (True, "")
    desks.released(recipients=[PEER], **TERMS)
    peer = trust(desks)
    assert (peer.problem, peer.is_recovered) == ("", False)
    assert "which the old root signed" in peer.root_text
    for officer in (desks.lab.author, desks.lab.releaser):
        compare_fingerprint(officer, desks.own.row, desks.own.root.fingerprint, now=desks.hub.now)
    assert (trust(desks).root_text, answer(desks)) == ("", (True, ""))


def test_a_recovered_root_passes_with_a_warning(desks: Desks) -> None:
    years_later(desks, recover=True)
    assert answer(desks) == (True, "")
    peer = trust(desks)
    assert peer.is_recovered and "without the old root" in peer.root_text


def test_renewed_keys_alone_say_nothing(desks: Desks) -> None:
    years_later(desks)
    assert (answer(desks), trust(desks).root_text) == ((True, ""), "")


def test_a_new_accession_waits_for_the_fingerprint_from_paper(desks: Desks) -> None:
    """The pinned root leads nowhere: the agency came in anew, under another one."""
    years_later(desks)
    change_book(
        desks.lab.id,
        lambda book: book.with_pin(PEER, replace(book.pins[PEER], root="0" * 64, version=0)),
        now=desks.hub.now,
    )
    assert trust(desks).problem
    with pytest.raises(SendingStoppedError):
        desks.released(recipients=[PEER], **TERMS)
    for officer in (desks.lab.author, desks.lab.releaser):
        compare_fingerprint(officer, desks.own.row, desks.own.root.fingerprint, now=desks.hub.now)
    follow_peers(desks.lab.agency, now=desks.hub.later(minutes=1))
    assert trust(desks).problem == ""
    assert desks.released(recipients=[PEER], **TERMS)
