# SPDX-License-Identifier: Apache-2.0
"""What the templates may ask for: icons, markings, moments with their zone, short digests."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo

from django import template
from django.forms.boundfield import BoundField
from django.template.loader import get_template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accord.moments import moment_or_none
from alerts.inbox import InboxRow
from alerts.pages.words import isolated, some_names, tone_of

register = template.Library()
register.filter("isolated", isolated)

TLP_SHAPES = {
    "RED": "red",
    "AMBER": "amber",
    "AMBER+STRICT": "amber-strict",
    "GREEN": "green",
    "CLEAR": "clear",
}


@cache
def _drawing(name: str) -> SafeString:
    return mark_safe(get_template(f"accord/icons/{name}.svg").render({}).strip())  # noqa: S308 - own files only


@register.filter
def in_its_direction(field: BoundField) -> SafeString:
    """A form's field of which the text, and each option, runs as its letters do, unless its form says otherwise."""
    return field.as_widget(attrs={"dir": "auto"} | field.field.widget.attrs)


@register.simple_tag
def icon(name: str) -> SafeString:
    """A drawing of ours, inline so that it takes the colour of the text beside it."""
    return _drawing(name)


@register.simple_tag
def tlp(marking: str) -> SafeString:
    """The marking by word, colour and shape; the word is never left out."""
    shape = _drawing(TLP_SHAPES[marking]) if marking in TLP_SHAPES else ""
    return format_html('<span class="tlp" data-tlp="{}">{}TLP:{}</span>', marking, shape, marking)


def _offset(moment: datetime) -> str:
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    if not seconds:
        return "UTC"
    hours, minutes = divmod(abs(seconds) // 60, 60)
    sign = "+" if seconds > 0 else "\N{MINUS SIGN}"
    return f"UTC{sign}{hours}" + (f":{minutes:02}" if minutes else "")


def _at(moment: datetime, zone: tzinfo) -> datetime:
    """As a clock in this zone shows it; in UTC within hours of the end of the calendar, where no clock there goes on."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return moment.astimezone(UTC)


def _time(moment: datetime, form: str = "") -> SafeString:
    return format_html(
        '<time datetime="{}">{} {}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        date_format(moment, form or _("j M Y H:i")),
        _offset(moment),
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """A moment in the reader's zone, the zone always named."""
    return _time(_at(value, timezone.get_current_timezone())) if value else ""


@register.filter
def moment_short(value: datetime | None, now: datetime) -> SafeString | str:
    """The same for lists, where the year is said only when it is another one."""
    if value is None:
        return ""
    local = _at(value, timezone.get_current_timezone())
    same_year = local.year == timezone.localtime(now).year
    return _time(local, _("j M H:i") if same_year else _("j M Y H:i"))


@register.filter
def moment_in(value: datetime | None, zone: str) -> SafeString | str:
    return _time(_at(value, ZoneInfo(zone))) if value else ""


@register.filter
def clock_in(value: datetime, zone: str) -> SafeString:
    """The day of the week and the time in another zone: is anybody at work there now?"""
    return _time(_at(value, ZoneInfo(zone)), _("D H:i"))


@register.filter
def from_seconds(value: int | None) -> datetime | None:
    """Signed objects carry whole seconds; pages show moments."""
    return moment_or_none(value)


def _span(seconds: int) -> str:
    minutes, hours = seconds // 60, seconds // 3600
    if minutes < 1:
        return _("less than a minute")
    if minutes < 60:
        return ngettext("%(n)s minute", "%(n)s minutes", minutes) % {"n": minutes}
    if hours < 48:
        return ngettext("%(n)s hour", "%(n)s hours", hours) % {"n": hours}
    return ngettext("%(n)s day", "%(n)s days", hours // 24) % {"n": hours // 24}


@register.filter
def distance(value: datetime | None, now: datetime) -> str:
    """How far a moment lies from `now`, in one unit, rounded down."""
    if value is None:
        return ""
    seconds = int((value - now).total_seconds())
    form = _("in %(span)s") if seconds >= 0 else _("%(span)s ago")
    return form % {"span": _span(abs(seconds))}


@register.filter
def coded(text: object) -> SafeString:
    """What stands between backticks as code; the rest is escaped."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return format_html("{}", text)
    shown = ((f"<code>{escape(part)}</code>" if n % 2 else escape(part)) for n, part in enumerate(parts))
    return mark_safe("".join(shown))  # noqa: S308 - each part was escaped


@register.filter
def hours_until(value: datetime, now: datetime) -> str:
    """For a delay that is counted in hours, however long it is."""
    hours = max(int((value - now).total_seconds()), 0) // 3600
    return ngettext("in %(n)s hour", "in %(n)s hours", hours) % {"n": hours}


@register.filter
def short_digest(value: str) -> str:
    return f"{value[:8]}…{value[-4:]}" if len(value) > 14 else value


@register.filter
def lookup(mapping: dict[str, object], key: str) -> object:
    return mapping.get(key, key)


@register.filter
def tone(state: str) -> str:
    """The tone a state's word is shown in."""
    return tone_of(state)


@register.filter
def names_of(ids: Iterable[str], names: Mapping[str, str]) -> str:
    """The first names behind these ids, and how many more there are."""
    return some_names(names.get(agency, agency) for agency in ids)


@register.filter
def waits(row: InboxRow) -> bool:
    """Whether an answer is still asked of this agency."""
    return row.received.ack_by is not None and row.state in {"unread", "opened", "overdue", "collected"}


@register.filter
def is_unread(row: InboxRow) -> bool:
    """Whether nobody of the agency has opened it yet, and somebody could."""
    return row.state == "unread" or (row.state == "overdue" and row.received.first_opened_at is None)
