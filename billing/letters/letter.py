from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.urls import reverse


@dataclass(frozen=True)
class Button:
    label: str
    url: str  # absolute


@dataclass(frozen=True)
class Letter:
    """One mail. Each paragraph is plain text; `facts` are shown as a small table."""

    subject: str
    paragraphs: list[str]
    facts: list[tuple[str, str]] = field(default_factory=list)
    button: Button | None = None
    after: list[str] = field(default_factory=list)  # below the button


def page(name: str, *args: object, query: str = "") -> str:
    """Return a page of ours as a whole address."""
    return f"{settings.SITE_URL}{reverse(name, args=args)}{query}"


def day(value: date) -> str:
    return f"{value.day} {value:%B %Y}"
