# SPDX-License-Identifier: Apache-2.0
"""The reader of audited writes finds a write without its event, and what several events say."""

from textwrap import dedent
from typing import Final

import pytest

from tests.boundaries.audited_writes import Audit
from tests.boundaries.written_rows import Rooms

ROWS: Final = """
    class Lane(models.Model):
        name = models.CharField()

    class Stop(models.Model):
        lane = models.ForeignKey(Lane, related_name="stops")
"""
HEAD: Final = """
    from django.db import transaction
    from ledger.audit import record_event
    from rooms.models import Lane, Stop

"""
SAMPLES: Final[dict[str, tuple[str, set[str]]]] = {
    "an event beside the write": (
        """
        def stop_lane(lane: Lane, now):
            with transaction.atomic():
                lane.save()
                record_event("lane.stopped", now=now)
        """,
        set(),
    ),
    "no event": (
        """
        def stop_lane(lane: Lane):
            lane.save()
        """,
        {"stop_lane"},
    ),
    "an event on one path only": (
        """
        def stop_lane(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                if why:
                    record_event("lane.stopped")
        """,
        {"stop_lane"},
    ),
    "an event on one path through an expression": (
        """
        def stop_lane(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                why and record_event("lane.stopped")

        def stop_for(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                record_event("lane.stopped") if why else None

        def stop_for_each(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                [record_event("lane.stopped") for _ in why]

        def stop_later(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                why(lambda: record_event("lane.stopped"))

        def stop_or_count(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                record_event("lane.stopped") if why else record_event("lane.counted")
        """,
        {"stop_lane", "stop_for", "stop_for_each", "stop_later"},
    ),
    "an event that an error passes over": (
        """
        @transaction.atomic
        def stop_lane(lane: Lane, check):
            try:
                lane.save()
                check(lane)
                record_event("lane.stopped")
            except ValueError:
                pass
        """,
        {"stop_lane"},
    ),
    "an event in some turns of a loop": (
        """
        @transaction.atomic
        def stop_lanes(lanes: list[Lane]):
            for lane in lanes:
                lane.save()
                if not lane.name:
                    continue
                record_event("lane.stopped")
        """,
        {"stop_lanes"},
    ),
    "an event in each turn of a loop": (
        """
        @transaction.atomic
        def stop_lanes(lanes: list[Lane]):
            for lane in lanes:
                if lane.name:
                    lane.save()
                    record_event("lane.stopped")
        """,
        set(),
    ),
    "an event if something was written": (
        """
        @transaction.atomic
        def forget_lanes():
            count = Lane.objects.all().delete()
            if not count:
                return
            record_event("lane.forgotten")
        """,
        set(),
    ),
    "an event in a transaction of its own": (
        """
        def stop_lane(lane: Lane):
            lane.save()
            with transaction.atomic():
                record_event("lane.stopped")
        """,
        {"stop_lane"},
    ),
    "an event of the caller, for a write by a part of it": (
        """
        def stop_lane(lane: Lane):
            with transaction.atomic():
                _write(lane)
                _record()

        def _write(lane):
            for stop in lane_of(lane).stops.all():
                stop.delete()

        def lane_of(lane) -> Lane: ...

        def _record():
            record_event("lane.stopped")
        """,
        set(),
    ),
    "an event of one caller only": (
        """
        def stop_lane(lane: Lane):
            with transaction.atomic():
                _write(lane)
                record_event("lane.stopped")

        def stop_silently(lane: Lane):
            _write(lane)

        def _write(lane: Lane):
            Stop.objects.create(lane=lane)
        """,
        {"stop_silently"},
    ),
    "the event of another change": (
        """
        def stop_lane(lane: Lane):
            with transaction.atomic():
                lane.save()
                count_stop(lane)

        @transaction.atomic
        def count_stop(lane: Lane):
            lane.stops.update(n=1)
            record_event("stop.counted")
        """,
        {"stop_lane"},
    ),
    "a write by a name for the method": (
        """
        def stop_lane(lane: Lane, later):
            later(lane.save)
        """,
        {"stop_lane"},
    ),
    "a function that is handed on": (
        """
        @transaction.atomic
        def stop_lane(lane: Lane, later):
            later(write_lane)
            write_lane(lane)
            record_event("lane.stopped")

        def write_lane(lane: Lane):
            lane.save()
        """,
        {"write_lane"},
    ),
    "a function in a table": (
        """
        @transaction.atomic
        def stop_lane(lane: Lane):
            write_lane(lane)
            record_event("lane.stopped")

        def write_lane(lane: Lane):
            lane.save()

        WAYS = {"write": write_lane}
        """,
        {"write_lane"},
    ),
    "a lambda in a table": (
        """
        WAYS = {"write": lambda lane: Lane.objects.create(name=lane)}
        """,
        {"<module>"},
    ),
    "functions that call each other": (
        """
        def stop_lane(lane: Lane):
            if lane.name:
                start_lane(lane)
            lane.save()

        def start_lane(lane: Lane):
            stop_lane(lane)

        @transaction.atomic
        def stop(lane: Lane):
            start_lane(lane)
            record_event("lane.stopped")
        """,
        {"stop_lane"},
    ),
    "a row of which nobody can tell the model": (
        """
        def stop(thing):
            thing.save()
        """,
        {"stop"},
    ),
    "SQL": (
        """
        _STOP = "UPDATE rooms_lane SET name = ''"

        def stop_lanes(cursor):
            cursor.execute(_STOP)
        """,
        {"stop_lanes"},
    ),
    "a refusal that is raised after the write was kept": (
        """
        def stop_lane(lane: Lane):
            with transaction.atomic():
                lane.save()
            raise ValueError
        """,
        {"stop_lane"},
    ),
    "what is no row": (
        """
        def gather(found: dict[str, int], mac):
            found.update({"a": 1})
            mac.update(b"")
        """,
        set(),
    ),
}


def _read(body: str, **lists: tuple[str, ...]) -> Audit:
    sources = {"rooms.models": dedent(ROWS), "rooms.stopping": dedent(HEAD) + dedent(body)}
    return Audit(Rooms(sources), **lists)


@pytest.mark.parametrize(("body", "found"), SAMPLES.values(), ids=SAMPLES.keys())
def test_the_guard_finds_a_write_without_its_event(body: str, found: set[str]) -> None:
    begins = [function for some in _read(body).unaudited().values() for function in some]
    assert {function.node.name for function in begins} == found


def test_the_guard_names_the_function_and_the_model() -> None:
    body = SAMPLES["an event of one caller only"][0]
    line = "rooms/stopping.py:stop_silently, by rooms/stopping.py:_write: rooms.Stop"
    assert _read(body).report() == [line]


def test_the_guard_names_the_rows_in_a_pattern_of_a_call() -> None:
    body = """
        @dataclass
        class Found:
            lane: Lane
            stop: Stop

        def stop_lane(find):
            match read(find):
                case Lane() as lane:
                    lane.save()
                case Found(_, stop) | Found(stop=stop):
                    stop.save()

        def read(find) -> Lane | Found: ...
    """
    found = ["rooms/stopping.py:stop_lane: rooms.Lane", "rooms/stopping.py:stop_lane: rooms.Stop"]
    assert _read(body).report() == found


def test_the_guard_takes_exemptions_by_name_only() -> None:
    body, _ = SAMPLES["an event of one caller only"]
    assert _read(body, no_state=("rooms.Stop",)).report() == []
    silently = "rooms/stopping.py:stop_silently"
    exempt = _read(body, exempt=(f"{silently}: rooms.Stop", "rooms/stopping.py:stop_lane: rooms.Stop"))
    assert exempt.report() == [] and exempt.excused == {silently: {"rooms.Stop"}}
    assert _read(body, exempt=(f"{silently}: rooms.Lane",)).report() != []


def test_the_guard_finds_two_events_in_one_transaction() -> None:
    body = """
        @transaction.atomic
        def stop_lane(lane: Lane, why):
            lane.save()
            _record("lane.stopped")
            if why:
                record_event("lane.explained")

        def stop_or_count(lane: Lane, why):
            with transaction.atomic():
                lane.save()
                if why:
                    record_event("lane.stopped")
                else:
                    record_event("lane.counted")

        def _record(act):
            record_event(act)
    """
    audit = _read(body)
    assert audit.report() == []
    assert {function.node.name for function in audit.twice} == {"stop_lane"}
