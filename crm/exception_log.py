"""What staff's exceptions leave in the activity log: no mirrored column changes, so no sync would
tell of them."""

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from accounts.london import day_of, in_words
from billing.models import ListingException
from billing.signals import exception_ended, exception_granted
from crm.failures import sync_safely
from crm.mirror import history
from crm.models import ActivityType, Entity, PropertyRecord


@receiver(exception_granted, dispatch_uid="crm.log_exception_granted")
def log_exception_granted(
    sender: type, exception: ListingException, now: datetime, **kwargs: Any
) -> None:
    until = in_words(exception.until)
    text = f"Listed as {exception.tier} until {until}, without a membership: {exception.reason}"
    _log(exception, "Exception granted", text, now)


@receiver(exception_ended, dispatch_uid="crm.log_exception_ended")
def log_exception_ended(
    sender: type, exception: ListingException, now: datetime, **kwargs: Any
) -> None:
    early = exception.until >= day_of(exception.ended_at)
    text = "Ended before its last day." if early else "Its last day is over."
    _log(exception, "Exception ended", text, now)


def _log(exception: ListingException, title: str, text: str, now: datetime) -> None:
    house = exception.property
    record = PropertyRecord.objects.filter(property=house).first()
    if record is None:  # its sync failed; it is tried once more, and is on file if it fails again
        sync_safely("properties", [house.pk], now=now)
        record = PropertyRecord.objects.filter(property=house).first()
    if record:
        history.entry(
            Entity.PROPERTIES,
            record.pk,
            ActivityType.UPDATED,
            f"{title}: {house}",
            now,
            description=text,
        ).save()
