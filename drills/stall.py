"""How long others wait for the database while Stripe takes three seconds for each call."""

import threading
import time

from django.db import connection, transaction
from django.utils import timezone

from billing import inbox
from billing.models import IncomingEvent, Lease
from drills.figures import percentile
from drills.race import Member, Worker
from stripe_sandbox.process import Running

STRIPES_SECONDS = 3
MOST_MS, P99_MS = 1000, 100  # of another's write; the machine itself is slow at times


def run(running: Running) -> bool:
    member = Member(running)
    member.leaves(True)
    # Nothing of before is of use: as for a customer that we hear of for the first time.
    IncomingEvent.objects.update(next_try_at=timezone.now())
    running.control.faults(api_delay=STRIPES_SECONDS, count=1000)
    ended, waits = threading.Event(), []
    worker = Worker(lambda: (inbox.work_off(member.customer), ended.set()))
    began = time.perf_counter()
    worker.start()
    while not ended.wait(0.01):
        waits.append(seconds_to_write())
    worker.join()
    running.control.faults(count=0)
    seconds = time.perf_counter() - began
    print(
        f"Stripe takes {STRIPES_SECONDS} s for each call; {connection.vendor}\n"
        f"  processing took {seconds:.1f} s; of {len(waits):,} other writes meanwhile p99 took "
        f"{percentile(waits):.0f} ms, the longest {max(waits) * 1000:.0f} ms"
    )
    quick = max(waits) * 1000 < MOST_MS and percentile(waits) < P99_MS
    return quick and seconds > STRIPES_SECONDS


def seconds_to_write() -> float:
    """Return how long a write takes that has nothing to do with all this."""
    began = time.perf_counter()
    with transaction.atomic():
        Lease.objects.update_or_create(name="of nobody", defaults={"until": timezone.now()})
    return time.perf_counter() - began
