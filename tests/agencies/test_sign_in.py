# SPDX-License-Identifier: Apache-2.0
"""Sign-in: an unknown, a disabled and a wrong answer look alike, guesses are limited, sessions end when they must."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import SESSION_KEY, authenticate, get_user
from django.db import connection
from django.test import Client, RequestFactory
from pytest_django import Settings

from officers.accounts import (
    change_password,
    change_roles,
    disable_officer,
    enable_officer,
    enrol_keeper,
    store_password,
)
from officers.expiring_rows import LoginAttempts
from officers.login.attempts import (
    DAY,
    LIMIT_PER_ACCOUNT_A_DAY,
    LIMIT_PER_ADDRESS,
    LIMIT_PER_DEVICE,
    LIMIT_PER_DEVICE_A_DAY,
    LIMIT_PER_FACTOR,
    LIMIT_PER_FACTOR_A_DAY,
    LIMIT_PER_SENDER,
    WINDOW,
    FactorSource,
    LoginSource,
    Source,
    StepUpSource,
    count_attempt,
    forget_old_windows,
    forgive_attempt,
    reopen,
    waiting_time,
)
from officers.login.backends import EmailBackend, login_source
from officers.models import Officer
from tests.agencies.hashers import CountingHasher
from tests.agencies.world import NOW, OPERATOR, PASSWORD, admit, enrol

pytestmark = pytest.mark.django_db
GUESSER = LoginSource("olga@xa-lab.example", "192.0.2.7")


@pytest.fixture
def officer() -> Officer:
    return enrol(admit("xa-lab"), "reader", email="Olga@XA-Lab.example", password=PASSWORD)


def test_an_officer_signs_in_whatever_the_letter_case(officer: Officer) -> None:
    assert guess(" OLGA@xa-lab.EXAMPLE ", PASSWORD) == officer


def test_another_password_and_a_disabled_officer_are_refused(officer: Officer) -> None:
    for password in ("", "wrong", PASSWORD + " ", PASSWORD.upper()):
        assert guess(officer.email, password) is None
    assert guess(officer.email, PASSWORD) == officer
    Officer.objects.filter(pk=officer.pk).update(is_active=False)
    assert guess(officer.email, PASSWORD) is None


def test_an_officer_without_a_password_cannot_sign_in(officer: Officer) -> None:
    officer.set_unusable_password()
    officer.save()
    assert guess(officer.email, "") is None
    assert guess(officer.email, officer.password) is None


def test_unknown_disabled_and_wrong_cost_the_same_queries(officer: Officer) -> None:
    disabled = enrol(officer.agency, "reader", email="dora@xa-lab.example", password=PASSWORD)  # type: ignore[arg-type]
    Officer.objects.filter(pk=disabled.pk).update(is_active=False)
    costs = set()
    for email, password in [("nobody@xa-lab.example", "x"), (officer.email, "x"), (disabled.email, PASSWORD)]:
        with CountedQueries() as counted:
            assert guess(email, password) is None
        costs.add(tuple(counted.shapes))
    assert len(costs) == 1


@pytest.mark.parametrize("email", ["nobody@xa-lab.example", "olga@xa-lab.example"], ids=["unknown", "known"])
def test_every_attempt_costs_one_password_hash(officer: Officer, settings: Settings, email: str) -> None:
    settings.PASSWORD_HASHERS = ["tests.agencies.hashers.CountingHasher"]
    before = CountingHasher.computed
    guess(email, "x")
    assert CountingHasher.computed == before + 1


def test_the_session_of_a_disabled_officer_ends_and_stays_ended(officer: Officer) -> None:
    admin = Officer.objects.get(roles__contains=["agency_admin"])
    client = signed_in(officer)
    disable_officer(admin, officer, now=NOW)
    assert user_of(client) is None
    enable_officer(admin, officer, now=NOW)
    assert user_of(client) is None


@pytest.mark.parametrize("by", ["the officer", "a mailed link"])
def test_a_new_password_ends_the_other_sessions(officer: Officer, by: str) -> None:
    client = signed_in(officer)
    if by == "the officer":
        change_password(officer, old=PASSWORD, new="ein anderes kennwort 9", now=NOW)
    else:
        store_password(officer, "ein anderes kennwort 9")
    assert user_of(client) is None


def test_a_changed_role_counts_in_the_running_session(officer: Officer) -> None:
    client = signed_in(officer)
    admin = Officer.objects.get(roles__contains=["agency_admin"])
    change_roles(admin, officer, ["auditor"], now=NOW)
    found = user_of(client)
    assert found is not None
    assert found.roles == ["auditor"]


def test_a_session_of_no_officer_finds_nobody() -> None:
    assert [EmailBackend().get_user(user_id) for user_id in ("", "1", "not-a-uuid", None)] == [None] * 4


def test_the_limit_of_one_address_is_not_the_attempt_before_it() -> None:
    waits = [count_attempt(GUESSER, now=NOW) for _ in range(LIMIT_PER_ADDRESS + 1)]
    assert waits[:-1] == [None] * LIMIT_PER_ADDRESS
    assert waits[-1] == WINDOW


def test_neither_a_right_password_nor_letter_case_or_spaces_help_a_guesser_past_the_limit(
    officer: Officer,
) -> None:
    for number in range(LIMIT_PER_ADDRESS):
        email = officer.email.upper() if number % 2 else f" {officer.email} "
        guess(email, "wrong")
    assert guess(officer.email, PASSWORD) is None


def test_another_address_is_not_locked_out_by_a_guesser() -> None:
    for _ in range(LIMIT_PER_ADDRESS + 1):
        count_attempt(GUESSER, now=NOW)
    assert count_attempt(LoginSource(GUESSER.email, "198.51.100.9"), now=NOW) is None


def test_many_addresses_share_the_limit_of_the_account_for_a_day() -> None:
    for number in range(LIMIT_PER_ACCOUNT_A_DAY):
        assert count_attempt(LoginSource(GUESSER.email, f"192.0.2.{number}"), now=NOW) is None
    elsewhere = LoginSource(GUESSER.email, "198.51.100.9")
    assert count_attempt(elsewhere, now=NOW) == DAY
    assert count_attempt(elsewhere, now=NOW + DAY - timedelta(microseconds=1)) is not None
    assert count_attempt(elsewhere, now=NOW + DAY) is None


def test_one_password_tried_on_many_accounts_from_one_address_is_stopped() -> None:
    for number in range(LIMIT_PER_SENDER):
        assert count_attempt(LoginSource(f"o{number}@xa-lab.example", "192.0.2.7"), now=NOW) is None
    assert count_attempt(LoginSource("another@xb-health.example", "192.0.2.7"), now=NOW) == WINDOW
    assert count_attempt(LoginSource("another@xb-health.example", "198.51.100.9"), now=NOW) is None


def test_knocking_on_a_closed_door_closes_no_other_and_writes_nothing() -> None:
    exhaust(GUESSER, LIMIT_PER_ADDRESS)
    written = list(LoginAttempts.objects.order_by("source").values())
    for _ in range(LIMIT_PER_SENDER):
        assert count_attempt(GUESSER, now=NOW) is not None
    assert list(LoginAttempts.objects.order_by("source").values()) == written
    assert count_attempt(LoginSource("fay@xa-lab.example", GUESSER.remote_addr), now=NOW) is None


OWN_COUNTERS: dict[str, tuple[Source, Source, int, int]] = {
    # The counted source, another one that it leaves alone, the limit at once, the limit a day.
    "a known browser's passwords": (
        LoginSource(GUESSER.email, GUESSER.remote_addr, "kitchen"),
        GUESSER,
        LIMIT_PER_DEVICE,
        LIMIT_PER_DEVICE_A_DAY,
    ),
    "an officer's codes": (FactorSource(1), FactorSource(2), LIMIT_PER_FACTOR, LIMIT_PER_FACTOR_A_DAY),
    "a known browser's codes": (
        FactorSource(1, "kitchen"),
        FactorSource(1),
        LIMIT_PER_FACTOR,
        LIMIT_PER_FACTOR_A_DAY,
    ),
    "a session's step-up": (StepUpSource(1), StepUpSource(2), LIMIT_PER_FACTOR, LIMIT_PER_FACTOR_A_DAY),
}


@pytest.mark.parametrize(
    ("source", "other", "at_once", "a_day"), OWN_COUNTERS.values(), ids=OWN_COUNTERS.keys()
)
def test_each_has_counters_of_its_own_bounded_at_once_and_by_the_day(
    source: Source, other: Source, at_once: int, a_day: int
) -> None:
    exhaust(other, at_once)
    looked_at = 0
    for quarter in range(DAY // WINDOW):
        at = NOW + quarter * WINDOW
        tries = at_once + 1 if looked_at < a_day else 1
        in_this_one = sum(count_attempt(source, now=at) is None for _ in range(tries))
        assert in_this_one <= at_once
        looked_at += in_this_one
    assert looked_at == a_day
    assert count_attempt(source, now=NOW + DAY) is None


def test_a_right_guess_takes_itself_back_and_no_other() -> None:
    assert count_attempt(FactorSource(1), now=NOW) is None
    for _ in range(2 * LIMIT_PER_FACTOR_A_DAY):
        assert count_attempt(FactorSource(1), now=NOW) is None
        forgive_attempt(FactorSource(1))
    assert sum(LoginAttempts.objects.values_list("attempts", flat=True)) == 1


def test_an_admin_who_reopens_one_account_reopens_no_address() -> None:
    for number in range(LIMIT_PER_SENDER):
        count_attempt(LoginSource(f"o{number}@xa-lab.example", "192.0.2.7"), now=NOW)
    later = NOW + timedelta(minutes=1)
    reopen(GUESSER, now=later)
    assert count_attempt(GUESSER, now=later) is not None


def test_the_window_ends_on_the_tick() -> None:
    for _ in range(LIMIT_PER_ADDRESS + 1):
        count_attempt(GUESSER, now=NOW)
    assert count_attempt(GUESSER, now=NOW + WINDOW - timedelta(microseconds=1)) is not None
    assert count_attempt(GUESSER, now=NOW + WINDOW) is None


def test_the_waiting_time_is_told_alike_for_accounts_that_do_not_exist() -> None:
    for _ in range(LIMIT_PER_ADDRESS):
        count_attempt(GUESSER, now=NOW)
    assert waiting_time(GUESSER, now=NOW + timedelta(minutes=5)) == timedelta(minutes=10)
    assert waiting_time(LoginSource("x@y.example", "192.0.2.7"), now=NOW) is None


def test_a_good_sign_in_forgets_the_guesses_of_its_address() -> None:
    for _ in range(LIMIT_PER_ADDRESS):
        count_attempt(GUESSER, now=NOW)
    forgive_attempt(GUESSER)
    assert count_attempt(GUESSER, now=NOW) is None


def test_old_windows_are_removed_and_hold_no_address() -> None:
    count_attempt(GUESSER, now=NOW)
    held = " ".join(LoginAttempts.objects.values_list("source", flat=True))
    assert GUESSER.email not in held
    assert GUESSER.remote_addr not in held
    assert forget_old_windows(now=NOW + DAY - timedelta(microseconds=1)) == 0
    assert forget_old_windows(now=NOW + DAY) == 3


def test_the_source_is_the_peer_and_no_header_can_name_another() -> None:
    request = RequestFactory().post("/", REMOTE_ADDR="192.0.2.7", HTTP_X_FORWARDED_FOR="203.0.113.1")
    assert login_source(request, "A@b.example") == LoginSource("a@b.example", "192.0.2.7")


@pytest.mark.django_db(transaction=True)
def test_guesses_in_parallel_are_all_counted() -> None:
    def guess(_: int) -> bool:
        try:
            return count_attempt(GUESSER, now=NOW) is None
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        allowed = sum(pool.map(guess, range(3 * LIMIT_PER_ADDRESS)))
    assert allowed == LIMIT_PER_ADDRESS


def test_the_operator_signs_in_too() -> None:
    operator = enrol_keeper(
        OPERATOR, email="noor@hub.example", full_name="Noor Ashdene", password=PASSWORD, now=NOW
    )
    assert guess("noor@hub.example", PASSWORD) == operator


def guess(email: str, password: str) -> object:
    """The officer whom Django's chain of backends finds."""
    request = RequestFactory().post("/login/", REMOTE_ADDR=GUESSER.remote_addr)
    return authenticate(request, username=email, password=password)


def signed_in(officer: Officer) -> Client:
    client = Client()
    client.force_login(Officer.objects.get(pk=officer.pk))
    assert user_of(client) == officer
    return client


def user_of(client: Client) -> Officer | None:
    """The officer whom the middleware finds for the client's session."""
    request = RequestFactory().get("/")
    request.session = client.session
    user = get_user(request)
    assert SESSION_KEY in client.session or user.pk is None
    return user if isinstance(user, Officer) else None


def exhaust(source: Source, limit: int) -> None:
    for _ in range(limit):
        assert count_attempt(source, now=NOW) is None
    assert count_attempt(source, now=NOW) is not None


class CountedQueries:
    """The SQL statements of a block, without their values."""

    def __enter__(self) -> "CountedQueries":
        self.shapes: list[str] = []
        self._wrapper = connection.execute_wrapper(self._note)
        self._wrapper.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._wrapper.__exit__(None, None, None)

    def _note(self, execute: object, sql: str, params: object, many: bool, context: object) -> object:
        self.shapes.append(sql)
        return execute(sql, params, many, context)  # type: ignore[operator]
