"""What staff ask of the activity log, and the least that a database could do for it."""

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.http import urlencode

from accounts.models import User
from benchmarks.activity_entries import BUSY_RECORD, RARE_ACTOR, RARE_KIND
from crm.models import ActivityLog

FLOORS = {
    "floor: the newest 30, raw": """
        SELECT * FROM crm_activity_log ORDER BY created_at DESC, id DESC LIMIT 30""",
    "floor: one look at each entry, raw": """
        SELECT COUNT(*) FROM crm_activity_log WHERE title LIKE '%nobody of this name%'""",
}
ASKED = {
    "a rare writer": {"actor": RARE_ACTOR},
    "a common writer": {"actor": "stripe"},
    "any command": {"actor": "system"},
    "a writer who is none": {"actor": "nobody@example.com"},
    "a rare kind": {"what": RARE_KIND},
    "a common kind": {"what": "updated"},
    "a rare kind by a rare writer": {"what": RARE_KIND, "actor": RARE_ACTOR},
    "one kind of record": {"entity": "memberships"},
    "one day": {"created_at_from": "2025-06-01", "created_at_to": "2025-06-01"},
    "a year": {"created_at_from": "2025-01-01", "created_at_to": "2025-12-31"},
    "the day of a great repair": {"created_at_from": "2025-09-10", "created_at_to": "2025-09-11"},
    "a busy record": {"record": str(BUSY_RECORD)},
    "drift of any cause": {"cause": "any"},
    "drift of one cause": {"cause": "bulk_write"},
    "every single change": {"show": "everything"},
    "search: a common word": {"q": "Olive"},
    "search: rare words": {"q": "Smythe 24999"},
    "search: words that are nowhere": {"q": "Nobody of this name"},
    "the last page": {"at": "oldest"},
    "all of them counted": {"count": "all"},
}


def pages() -> dict[str, str]:
    log = reverse("admin:crm_activitylog_changelist")
    middle = ActivityLog.objects.order_by("pk").values_list("pk", flat=True)
    deep = middle[middle.count() * 7 // 10]
    asked = {name: f"{log}?{urlencode(query)}" for name, query in ASKED.items()}
    entry = reverse("admin:crm_activitylog_change", args=[deep])
    deep_page = f"{log}?at=older-{deep}"
    return {"the first page": log, **asked, "a page deep down": deep_page, "one entry": entry}


def desk() -> Client:
    """Return a browser in which a superuser is logged in."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    override_settings(
        STORAGES={**settings.STORAGES, "staticfiles": plain},
        STATIC_ROOT=settings.STATICFILES_DIRS[0],
    ).enable()
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(
        User.objects.create(email="bob@example.com", is_staff=True, is_superuser=True)
    )
    return client


def scan(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        cursor.fetchall()
