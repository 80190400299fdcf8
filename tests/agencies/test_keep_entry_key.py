# SPDX-License-Identifier: Apache-2.0
"""The desk keeps an entry key sealed, for its agency alone, until the agency's first keyset is in force."""

import logging
from datetime import timedelta

import pytest

from tests.agencies.key_rings import followed_by, ring, without
from tests.agencies.world import NOW
from vault.entrykeys import entry_key_of, entry_keys_until, forget_entry_key, keep_entry_key
from vault.kek import held_ring
from vault.kekrotation import rewrap_secrets
from vault.models import EntryKey

pytestmark = pytest.mark.django_db
TEXT = "0123456789ab.0123456789abcdef0123456789abcdef"
UNTIL = NOW + timedelta(days=30)


@pytest.fixture(autouse=True)
def kept() -> None:
    keep_entry_key("xa-lab", TEXT, expires_at=UNTIL, now=NOW)


def test_what_is_kept_is_sealed_and_opens() -> None:
    assert TEXT not in EntryKey.objects.get(pk="xa-lab").sealed
    assert entry_key_of("xa-lab") == TEXT
    assert entry_keys_until() == {"xa-lab": UNTIL}


def test_an_agency_without_one_has_none() -> None:
    assert entry_key_of("xb-health") is None


def test_a_newer_one_takes_its_place() -> None:
    keep_entry_key("xa-lab", "another", expires_at=UNTIL, now=NOW)
    assert entry_key_of("xa-lab") == "another"


def test_it_is_forgotten_for_one_agency() -> None:
    keep_entry_key("xb-health", "another", expires_at=UNTIL, now=NOW)
    forget_entry_key("xa-lab")
    forget_entry_key("xa-lab")
    assert entry_key_of("xa-lab") is None
    assert entry_key_of("xb-health") == "another"


def test_that_of_another_agency_is_not_used_and_is_said(caplog: pytest.LogCaptureFixture) -> None:
    keep_entry_key("xb-health", "another", expires_at=UNTIL, now=NOW)
    theirs = EntryKey.objects.get(pk="xb-health").sealed
    EntryKey.objects.filter(pk="xa-lab").update(sealed=theirs)
    with caplog.at_level(logging.ERROR):
        assert entry_key_of("xa-lab") is None
    assert "key for entering of xa-lab" in caplog.text
    assert "another" not in caplog.text


def test_it_follows_the_key_ring() -> None:
    old = held_ring()
    both = followed_by(old)
    with ring(both):
        rewrap_secrets()
    with ring(without(both, old.current)):
        assert entry_key_of("xa-lab") == TEXT
