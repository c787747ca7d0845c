"""What cells of the admin show: coloured labels, money, London times, links."""

from datetime import date, datetime
from fractions import Fraction

from django.db.models import Model
from django.template.defaultfilters import linebreaksbr
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from accounts.templatetags.site import pounds

NOTHING = "–"

# One colour for one meaning, whichever status it is: something to do, good, bad, over, for notice.
TONES = {
    "pending_approval": "todo",
    "new": "todo",
    "past_due": "bad",
    "live": "good",
    "active": "good",
    "converted": "good",
    "rejected": "bad",
    "dispute": "bad",
    "refund": "bad",
    "deleted": "bad",
    "contacted": "note",
    "expiring_soon": "note",
    "paused": "note",
    "status_changed": "note",
    "merged": "note",
}


def label(text: object, value: str = "") -> SafeString:
    """Show `text` in the colour that `value` stands for; without one, in grey."""
    return format_html(
        '<span class="gh-label" data-tone="{}">{}</span>', TONES.get(value, "over"), text
    )


def status_label(row: Model, field: str) -> SafeString:
    return label(getattr(row, f"get_{field}_display")(), getattr(row, field))


def money(pence: int | None) -> str:
    return NOTHING if pence is None else pounds(pence)


def rounded_money(pence: Fraction) -> str:
    """Show parts of a penny rounded, half a penny up."""
    return pounds((2 * pence.numerator + pence.denominator) // (2 * pence.denominator))


def moment(value: datetime | None) -> str:
    """Show a moment as London's clocks do."""
    return date_format(localtime(value), "j M Y, H:i") if value else NOTHING


def day(value: date | datetime | None) -> str:
    if isinstance(value, datetime):
        value = localtime(value)
    return date_format(value, "j M Y") if value else NOTHING


def admin_url(row: Model) -> str:
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])


def link(row: Model | None) -> SafeString | str:
    """Link a row to its own page in the admin. Costs a query unless the row was joined."""
    return NOTHING if row is None else link_to(admin_url(row), row)


def link_to(url: str, text: object) -> SafeString:
    return format_html('<a class="gh-link" href="{}" dir="auto">{}</a>', url, text)


def two_lines(first: object, second: object) -> SafeString:
    return format_html(
        '<span class="gh-two"><span dir="auto">{}</span><small dir="auto">{}</small></span>',
        first,
        second,
    )


def lines(text: str) -> SafeString | str:
    """Show what people typed over several lines as they typed it, escaped."""
    if not text:
        return NOTHING
    return format_html('<span class="gh-typed" dir="auto">{}</span>', linebreaksbr(text))
