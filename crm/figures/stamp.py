"""As of when figures are: the last comparison with all that Stripe holds."""

from datetime import datetime

from django.http import HttpRequest

from accounts.admin_columns import admin_url, moment
from billing.models import ReconcileRun
from crm.dashboard import readable
from crm.home import may


def stamp(request: HttpRequest, now: datetime) -> dict[str, str]:
    """Return the sentence, and where it leads for who may go there."""
    whole = ReconcileRun.objects.of_everything().filter(error="", started_at__lte=now)
    run = readable(whole.exclude(finished_at=None).first)
    if run is None:
        return {"words": "Not yet compared with all that Stripe holds.", "url": ""}
    left = run.differences
    words = f"As of {moment(run.started_at)}, when all was last compared with Stripe"
    if left:
        words += f": {left} difference{'' if left == 1 else 's'} left"
    return {
        "words": f"{words}.",
        "url": admin_url(run) if may(request, "view", ReconcileRun) else "",
    }
