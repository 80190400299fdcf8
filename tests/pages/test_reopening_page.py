# SPDX-License-Identifier: Apache-2.0
"""The keeper of an own desk asks the root to let somebody in, and hands in the signed answer; everybody reads of it."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accord.envelope.private import Root
from accord.envelope.reopening import sign_reopening
from callers.capabilities import Role
from officers.accounts import enrol_keeper
from officers.models import Reopening
from tests.builders import OPERATOR, Hub
from tests.own_desk import make_own_agency
from tests.pages.conftest import SignIn
from tests.pages.desk_world import PASSWORD

ROOT = Root.generate()
PAGE = "/desk/agencies/xa-own/reopening/"
PERSON = {"role": "agency_admin", "full_name": "Ilse Morrow", "email": "ilse@own.example"}


@pytest.fixture
def keeper(db: None, tmp_path: Path, settings: Settings, as_officer: SignIn) -> Client:
    settings.OWN_DESK = True
    hub = Hub(tmp_path / "ledger", now=timezone.now().replace(microsecond=0))
    make_own_agency(hub, "xa-own", "Forensic Laboratory", root=ROOT)
    hub.sequence()
    noor = enrol_keeper(OPERATOR, email="noor@own.example", full_name="Noor", password=PASSWORD, now=hub.now)
    return as_officer(noor)


def hand_in(keeper: Client, octets: bytes) -> tuple[int, str]:
    answer = keeper.post(PAGE, {"signed": SimpleUploadedFile("x.signed", octets)})
    return answer.status_code, answer.content.decode()


def test_somebody_is_let_in_by_the_keepers_page(keeper: Client, as_officer: SignIn) -> None:
    assert PAGE in keeper.get("/desk/agencies/xa-own/").content.decode()
    assert keeper.get(PAGE)["Location"] == f"{PAGE}ask/"
    assert "Keeper of this desk" in keeper.get(f"{PAGE}ask/").content.decode()
    assert keeper.post(f"{PAGE}ask/", PERSON | {"email": "ilse"}).status_code == 422
    assert keeper.post(f"{PAGE}ask/", PERSON)["Location"] == PAGE
    shown, file = keeper.get(PAGE).content.decode(), keeper.get(f"{PAGE}file/")
    row = Reopening.objects.get()
    for said in ("Ilse Morrow", "ilse@own.example", row.said.desk, row.said.od, "accord sign xa-own-reopen-"):
        assert said in shown.replace("</span><span>", "")
    assert file.content.decode() == row.payload
    status, refused = hand_in(keeper, file.content)
    assert (status, "no signed request" in refused) == (422, True)
    status, done = hand_in(keeper, sign_reopening(file.content, ROOT.signer))
    assert (status, "Hand this link over" in done, "/welcome/" in done) == (200, True, True)
    row.refresh_from_db()
    assert row.officer is not None
    for reader in row.officer.agency.officers.filter(invited_email=""):  # type: ignore[union-attr]
        assert "has let <bdi>Ilse Morrow</bdi> in" in as_officer(reader).get("/").content.decode()


def test_what_has_served_is_refused_without_an_open_request(keeper: Client) -> None:
    keeper.post(f"{PAGE}ask/", PERSON)
    signed = sign_reopening(keeper.get(f"{PAGE}file/").content, ROOT.signer)
    assert hand_in(keeper, signed)[0] == 200
    status, refused = hand_in(keeper, signed)
    assert (status, "Each counts once" in refused) == (422, True)
    assert keeper.get(f"{PAGE}file/")["Location"] == f"{PAGE}ask/"


def test_a_hosted_desk_lets_no_keeper_in(keeper: Client, settings: Settings) -> None:
    settings.OWN_DESK = False
    assert "Keeper of this desk" not in keeper.get(f"{PAGE}ask/").content.decode()
    assert keeper.post(f"{PAGE}ask/", PERSON | {"role": Role.KEEPER.value}).status_code == 422
