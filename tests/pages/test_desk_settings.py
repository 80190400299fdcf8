# SPDX-License-Identifier: Apache-2.0
"""Keeper and auditor read the desk's settings: on the page, as a text and in JSON; no secret stands in any of them."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from alerts.models import Alert
from desk.keeper.settings_report import settings_report
from devtool.owndesk.certificates import made_certificate
from officers.models import AgencyPolicy
from tests.bound_rows import rewrite
from tests.locked_desk import PASSPHRASE, locked_desk
from tests.pages.conftest import SignIn
from tests.pages.desk_world import CONTENT, DeskWorld
from vault.unlocking import CONSOLE, unlock

PAGE = "/desk/settings/"


@pytest.fixture
def keeper(desk: DeskWorld, as_officer: SignIn) -> Client:
    return as_officer(desk.noor)


def factor_is_set_by(desk: DeskWorld) -> str:
    report = settings_report(desk.noor, now=timezone.now())
    return next(fact.where for group in report for fact in group.facts if fact.name == "factor:xa-lab")


def facts(desk: DeskWorld, login: str = "noor") -> dict[str, str]:
    report = settings_report(desk.officers[login], now=timezone.now())
    return {fact.name: fact.text for group in report for fact in group.facts}


def test_page_text_and_json_say_the_same(desk: DeskWorld, keeper: Client) -> None:
    page = keeper.get(PAGE).content.decode()
    text = keeper.get(f"{PAGE}text/")
    lines = b"".join(text.streaming_content).decode()  # type: ignore[attr-defined]
    assert text["Content-Disposition"].startswith('attachment; filename="desk-settings-')
    said: list[dict[str, Any]] = keeper.get("/api/v1/desk/settings").json()["items"]
    assert [group["title"] for group in said] == [
        group.title for group in settings_report(desk.noor, now=timezone.now())
    ]
    for fact in (fact for group in said for fact in group["facts"]):
        assert fact["label"] in page.replace("&#x27;", "'"), fact
        assert f"{fact['label']}: {fact['text']} [{fact['where']}]" in lines


def test_an_auditor_reads_of_the_own_agency_alone(desk: DeskWorld) -> None:
    everybody = facts(desk)
    assert {"factor:xa-lab", "factor:xb-health", "audit:xa-lab"} <= everybody.keys()
    own = facts(desk, "edda")
    assert everybody.keys() - own.keys() == {"factor:xb-health", "audit:xb-health"}


def test_no_secret_and_no_content_stands_there(keeper: Client, settings: Settings, sent: Alert) -> None:
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD = "accord-sender", "quinze-hérons-bruns"
    page = keeper.get(PAGE).content.decode()
    broker = settings.REDIS_URL.partition("//")[2].rpartition("@")[0]
    secrets = (settings.SECRET_KEY, settings.API_PEPPER.hex(), settings.EMAIL_HOST_PASSWORD, CONTENT)
    for secret in (*secrets, *filter(None, [broker, settings.DATABASES["default"].get("PASSWORD")])):
        assert secret not in page


def test_it_says_what_is_so_now(desk: DeskWorld, settings: Settings, tmp_path: Path) -> None:
    found = facts(desk)
    assert found["kind"].startswith("a hosted desk")
    assert not found["accord"].endswith("API 1-1")
    assert found["certificate"] == "not told to this process"
    settings.OWN_DESK, settings.EMAIL_BACKEND = True, "django.core.mail.backends.dummy.EmailBackend"
    settings.TRUSTED_PROXIES, settings.MFA_DEMANDED = ["10.1.0.0/16"], True
    assert found["proxy"].startswith("none")
    assert found["follow-seconds"] == "every second"
    settings.FOLLOW_SECONDS = 20.0
    settings.EXCHANGE_PROXY, settings.EXCHANGE_PROXY_LOGIN = "http://proxy.example:3128", "desk:trois-pies"
    now = timezone.now()
    settings.TLS_CERTIFICATE_FILE = str(made_certificate(tmp_path, "desk.example", now).path)
    rewrite(AgencyPolicy.objects.filter(pk="xa-lab"), mfa_required_roles=["releaser"])
    found = facts(desk)
    assert found["kind"].startswith("an own desk")
    assert found["server"].startswith("none")
    assert found["proxies"] == "10.1.0.0/16"
    assert found["proxy"] == "http://proxy.example:3128, with user and password"
    assert found["follow-seconds"] == "every 20 seconds"
    assert "trois-pies" not in "".join(found.values())
    assert found["certificate"].startswith("ends on ")
    assert found["factor:xa-lab"] == "Releaser" and factor_is_set_by(desk) == "policy of the agency"
    settings.MFA_DEMANDED = False
    assert factor_is_set_by(desk) == "setting MFA_DEMANDED"
    settings.MFA_DEMANDED = True
    AgencyPolicy.objects.filter(pk="xa-lab").update(mfa_required_roles=[])
    assert facts(desk)["factor:xa-lab"].startswith("of everybody: the policy was changed")


def test_a_desk_that_is_locked_at_rest_says_since_when_it_is_open(desk: DeskWorld, tmp_path: Path) -> None:
    assert facts(desk)["lock"].startswith("no:")
    with locked_desk(tmp_path):
        unlock(PASSPHRASE, actor=CONSOLE, now=timezone.now())
        assert facts(desk)["lock"].startswith("yes; open since ")


def test_the_keepers_page_and_the_audit_lead_there(
    desk: DeskWorld, keeper: Client, as_officer: SignIn
) -> None:
    assert f'href="{PAGE}"' in keeper.get("/").content.decode()
    auditor = as_officer(desk.edda)
    assert f'href="{PAGE}"' in auditor.get("/audit/").content.decode()
    for address in (PAGE, "/audit/keys/"):
        assert '<p class="crumb"><a href="/audit/">' in auditor.get(address).content.decode(), "and back"
