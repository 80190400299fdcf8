# SPDX-License-Identifier: Apache-2.0
"""Template tags and filters of either half: icons, form fields, moments with their zone, code in a sentence."""

from datetime import UTC, datetime
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

from accord.fingerprintwords import fingerprint_words
from callers.telephones import number_to_dial
from callers.timezones import in_zone, offset_text

register = template.Library()


@cache
def drawing(name: str) -> SafeString:
    """Return one of the icons of this project."""
    return mark_safe(get_template(f"accord/icons/{name}.svg").render({}).strip())  # noqa: S308 - own files only


@register.filter
def in_its_direction(field: BoundField) -> SafeString:
    """Render a field whose text and options run in the direction of their letters, unless its form says otherwise."""
    return field.as_widget(attrs={"dir": "auto"} | field.field.widget.attrs)


@register.inclusion_tag("accord/parts/fingerprint_words.html")
def in_words(fingerprint: str, folded: str = "") -> dict[str, object]:
    """Render the words of a fingerprint below its digits.

    `folded` hides them until somebody asks, under this name of what the fingerprint is of.
    """
    return {"groups": fingerprint_words(fingerprint), "folded": folded}


@register.simple_tag
def icon(name: str) -> SafeString:
    """Return an icon inline, so that it takes the colour of the text beside it."""
    return drawing(name)


def _time(moment: datetime, form: str = "") -> SafeString:
    """Show a moment, which breaks between day and clock only: the zone stays beside the clock."""
    return format_html(
        '<time datetime="{}">{}\N{NO-BREAK SPACE}{}</time>',
        moment.astimezone(UTC).isoformat(timespec="seconds"),
        date_format(moment, form or _("j M Y H:i")),
        offset_text(moment),
    )


@register.filter
def moment(value: datetime | None) -> SafeString | str:
    """Show a moment in the reader's zone, which is always named."""
    return _time(in_zone(value, timezone.get_current_timezone())) if value else ""


@register.filter
def moment_short(value: datetime | None, now: datetime) -> SafeString | str:
    """Show a moment in a list, with the year only where it is not the present one."""
    if value is None:
        return ""
    local = in_zone(value, timezone.get_current_timezone())
    same_year = local.year == timezone.localtime(now).year
    return _time(local, _("j M H:i") if same_year else _("j M Y H:i"))


@register.filter
def moment_near(value: datetime, now: datetime) -> SafeString | str:
    """Show a moment as `moment_short` does, without the day where that is today."""
    local = in_zone(value, timezone.get_current_timezone())
    return _time(local, _("H:i")) if local.date() == timezone.localdate(now) else moment_short(value, now)


@register.filter
def moment_in(value: datetime | None, zone: str) -> SafeString | str:
    return _time(in_zone(value, ZoneInfo(zone))) if value else ""


@register.filter
def clock_in(value: datetime, zone: str) -> SafeString:
    """Show the day of the week and the time in another zone, to judge whether anybody is at work there now."""
    return _time(in_zone(value, ZoneInfo(zone)), _("D H:i"))


@register.filter
def telephone(written: str) -> SafeString:
    """Show a telephone number as it was written, as a link that dials it where it can be dialled."""
    shown = format_html('<bdi class="nowrap">{}</bdi>', written)
    number = number_to_dial(written)
    return format_html('<a class="tel" href="tel:{}">{}</a>', number, shown) if number else shown


@register.filter
def coded(text: object) -> SafeString:
    """Show text between backticks as code; the rest is escaped."""
    parts = str(text).split("`")
    if len(parts) % 2 == 0:
        return format_html("{}", text)
    shown = ((f"<code>{escape(part)}</code>" if n % 2 else escape(part)) for n, part in enumerate(parts))
    return mark_safe("".join(shown))  # noqa: S308 - each part was escaped
