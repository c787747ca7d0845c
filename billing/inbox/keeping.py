"""How long what Stripe sent is kept."""

from datetime import datetime, timedelta

from billing.models import Arrival, IncomingEvent, Lease

DONE_KEPT = timedelta(days=60)  # twice as long as Stripe itself keeps an event
LEASES_KEPT = timedelta(days=1)  # of processes that were killed


def forget_old(*, now: datetime) -> int:
    """Forget processed events; what failed or was parked stays until it is done."""
    Lease.objects.filter(until__lt=now - LEASES_KEPT).delete()
    old = IncomingEvent.objects.filter(status=Arrival.DONE, done_at__lt=now - DONE_KEPT)
    return old.delete()[0]
