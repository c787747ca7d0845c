"""Pages that look again by themselves until a webhook has been here."""

from django.http import HttpRequest, QueryDict

SECONDS_BETWEEN_LOOKS = 3
MOST_LOOKS = 20  # a minute


def waiting(request: HttpRequest, *, arrived: bool) -> dict[str, object]:
    """Return what such a page needs: `waiting`, `again` (its next address), `afresh`, `seconds`."""
    look = whole_number(request.GET, "look")
    again, afresh = request.GET.copy(), request.GET.copy()
    again["look"] = str(look + 1)
    afresh.pop("look", None)
    return {
        "waiting": not arrived and look < MOST_LOOKS,
        "again": again.urlencode(),
        "afresh": afresh.urlencode(),
        "seconds": SECONDS_BETWEEN_LOOKS,
    }


def whole_number(data: QueryDict, name: str) -> int:
    typed = data.get(name, "")
    return int(typed) if typed.isascii() and typed.isdigit() and len(typed) < 16 else 0
