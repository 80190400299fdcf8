# SPDX-License-Identifier: Apache-2.0
"""The stories of the demonstration are sound as data: what they name exists, and every document could be sent."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from alerts.document.check import check_document
from alerts.document.defaults import defaults_for
from alerts.document.rules import Circumstances
from alerts.document.values import read_values
from demo.stories import Story, Told, read_stories
from demo.world import AGENCIES, AGREEMENTS, agency_of
from substances.profiles.comparing import compare
from substances.profiles.vectors import read_profile

NOW = datetime(2027, 1, 12, 12, tzinfo=UTC)
WHOLE = read_stories(is_whole=True)
ALERTS = [told for story in WHOLE for told in story.alerts]
AGENCY_IDS = {agency.id for agency in AGENCIES}


def _story(name: str) -> Story:
    return next(story for story in WHOLE if story.story == name)


@pytest.mark.parametrize("story", WHOLE, ids=lambda story: story.story)
def test_every_document_of_a_story_could_be_sent(story: Story) -> None:
    for told in story.alerts:
        rule = {"jurisdiction": "XB", "effective": NOW.date().isoformat(), "file": told.file or None}
        fields = dict(told.fields) | ({"proposed_rule": rule} if told.in_force else {})
        data = defaults_for(fields["alert_type"], today=NOW.date())
        data |= {"event_date": (NOW - timedelta(days=1)).date().isoformat()} | read_values(fields)
        found = check_document(data, known=Circumstances(NOW.date(), custody="agency", now=NOW))
        assert not found.blocks, (told.fields["title"], found.errors, found.open_questions)


def test_every_alert_fits_an_agreement_of_its_two_parties() -> None:
    for told in ALERTS:
        sender = agency_of(told.by).id
        for recipient in told.to:
            assert any(
                {sender, recipient} <= set(agreement.parties) and told.fields["lane"] in agreement.lanes
                for agreement in AGREEMENTS
            ), (told.fields["title"], recipient)


def test_only_recipients_read_answer_and_confirm() -> None:
    for told in ALERTS:
        confirmed = told.withdrawn.confirmed if told.withdrawn else ()
        answering = {agency_of(answered.by).id for answered in told.answers}
        assert {*told.read, *told.opened, *confirmed, *answering} <= set(told.to) <= AGENCY_IDS
        assert not told.read.keys() & told.opened.keys(), told.fields["title"]


def test_a_year_and_more_of_every_kind_of_alert() -> None:
    days = [told.day for told in ALERTS]
    assert min(days) < -400 and max(days) < 0
    assert 130 <= len(ALERTS) <= 170
    assert max(later - earlier for earlier, later in pairwise(sorted(days))) <= 14, "no fortnight without one"
    kinds = Counter(told.fields["alert_type"] for told in ALERTS)
    assert all(kinds[kind] >= 3 for kind in ("seizure", "harm_cluster", "new_substance", "suspicious_order"))


def test_titles_are_told_apart() -> None:
    titles = Counter(told.fields["title"] for told in ALERTS)
    assert [title for title, count in titles.items() if count > 1] == []


def test_the_first_six_samples_of_the_series_are_linked() -> None:
    linked = _linked(_story("linked series").alerts)
    assert max(linked.values()) >= 4 and min(linked.values()) == 0


def _linked(alerts: Sequence[Told]) -> dict[str, int]:
    """Return by title how many of the other samples a comparison calls linked."""
    profiles = {
        told.fields["title"]: read_profile(
            told.fields["profile"]
            | {"values": [None if v is None else float(v) for v in told.fields["profile"]["values"]]}
        )
        for told in alerts
    }
    return {
        title: sum(
            compare(one, other).verdict == "linked" for name, other in profiles.items() if name != title
        )
        for title, one in profiles.items()
    }


def test_a_wave_reaches_one_country_after_the_other() -> None:
    countries = list(dict.fromkeys(agency_of(told.by).country for told in _story("nitazene wave").alerts))
    assert countries[0] == "XE" and set(countries) == {"XA", "XB", "XC", "XD", "XE", "XF"}


def test_a_question_is_answered_by_three_of_four() -> None:
    (asked,) = _story("question with an answer missing").alerts
    assert (len(asked.to), len(asked.answers)) == (4, 3)


def test_a_contaminated_batch_is_warned_of_in_two_countries_and_ends() -> None:
    told = _story("contaminated batch").alerts
    harmed = [one for one in told if one.fields["alert_type"] == "harm_cluster"]
    assert len({agency_of(one.by).country for one in harmed}) >= 2
    assert len({one.fields["title"] for one in told}) >= 4


def test_a_precursor_is_diverted_from_an_order_to_what_was_found() -> None:
    kinds = [one.fields["alert_type"] for one in _story("diverted precursor").alerts]
    assert "suspicious_order" in kinds and "seizure" in kinds
    assert kinds.index("suspicious_order") < kinds.index("seizure")


def test_a_wrong_identification_is_withdrawn_confirmed_and_sent_anew() -> None:
    wrong, *later = _story("wrong identification").alerts
    assert wrong.withdrawn is not None and wrong.withdrawn.confirmed
    assert later and not any(one.withdrawn for one in later)
    assert {one.fields.get("preferred_name") for one in later} - {wrong.fields.get("preferred_name")}
