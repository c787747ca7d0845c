"""Every side effect that a saved or deleted source row has on the CRM, on one screen."""

from typing import Any

from allauth.account.models import EmailAddress
from django.db.models import Model
from django.db.models.signals import post_delete, post_save
from django.utils import timezone

from accounts.bulk import rows_written
from accounts.models import Owner, User
from billing.models import Membership
from crm.failures import sync_safely
from crm.proof.bulk_writes import note_bulk_write
from listings.models import Enquiry, Photo, Property


def sync_user(instance: User, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        sync_safely("owners", [instance.pk], now=timezone.now())


def sync_owner_of_address(instance: EmailAddress, raw: bool = False, **kwargs: Any) -> None:
    """A confirmed address joins its owner with the guest who wrote from it."""
    if not raw:
        now = timezone.now()
        sync_safely("owners", [instance.user_id], now=now)
        sync_safely("guests", [instance.email], now=now)


def sync_owner(instance: Owner, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        sync_safely("owners", [instance.user_id], now=timezone.now())


def sync_property(instance: Property, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        sync_safely("properties", [instance.pk], now=timezone.now())


def sync_property_of_photo(instance: Photo, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        sync_safely("properties", [instance.property_id], now=timezone.now())


def sync_enquiry(instance: Enquiry, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        now = timezone.now()
        sync_safely("guests", [instance.guest_email], now=now)
        sync_safely("enquiries", [instance.pk], now=now)


def sync_membership(instance: Membership, raw: bool = False, **kwargs: Any) -> None:
    if not raw:
        now = timezone.now()
        sync_safely("memberships", [instance.pk], now=now)
        sync_safely("properties", filter(None, [instance.property_id]), now=now)


def note_rows_written(sender: type[Model], signal: Any, **written: Any) -> None:
    """Only noted: the check mends what a bulk write leaves, and then knows why."""
    if sender in RECEIVERS:
        note_bulk_write(sender, now=timezone.now(), **written)


# --- Wiring ---------------------------------------------------------------------------------------

RECEIVERS: dict[type[Model], Any] = {
    User: sync_user,
    EmailAddress: sync_owner_of_address,
    Owner: sync_owner,
    Property: sync_property,
    Photo: sync_property_of_photo,
    Enquiry: sync_enquiry,
    Membership: sync_membership,
}


def connect() -> None:
    for model, receiver in RECEIVERS.items():
        for signal in (post_save, post_delete):
            signal.connect(receiver, sender=model, dispatch_uid=f"crm.{receiver.__name__}")
    rows_written.connect(note_rows_written, dispatch_uid="crm.note_rows_written")


connect()
