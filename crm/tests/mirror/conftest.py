"""A small business with a bit of everything, for tests of the whole mirror."""

import logging
from io import BytesIO

import pytest
from allauth.account.models import EmailAddress
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from accounts.actor import acting_as
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.tests.factories import MembershipFactory, TierFactory
from crm.models import Contact
from crm.tests.mirror import oracle
from crm.tests.mirror.field_values import ADDRESSES, PICTURES, some_value
from crm.tests.mirror.oracle import RECORDS, SOURCES
from crm.tests.mirror.witness import Witness
from listings.models import Photo
from listings.tests.factories import EnquiryFactory, PropertyFactory

WRITER = "bob@example.com"


@pytest.fixture
def opening(db, pictures, quiet):
    """Two owners, a house, two who ask about it, and one who may or may not be the second.

    Returns what has been seen of it.
    """
    UserFactory(email=WRITER, staff=True)
    for code in ("bronze", "gold"):
        TierFactory(code=code)
    witness = Witness()
    with acting_as(WRITER, "shell"):
        owners = [OwnerFactory(user__email=address) for address in ADDRESSES[:2]]
        house = PropertyFactory(owner=owners[0], rejection_reason="Dark", sleeps_min=1)
        MembershipFactory(owner=owners[0], property=house)
        for position, picture in enumerate(PICTURES[:2]):
            Photo.objects.create(property=house, image=picture, position=position)
        for address in (ADDRESSES[0], ADDRESSES[2]):
            EnquiryFactory(property=house, guest_email=address, lost_reason="Dear")
        mallory = OwnerFactory(user__email=ADDRESSES[2]).user
        EmailAddress.objects.create(user=mallory, email=mallory.email, primary=True)
        for row in (row for model in SOURCES.values() for row in model.objects.all()):
            fill(row)
    witness.look(oracle.read(RECORDS), actors={WRITER})
    for number, contact in enumerate(Contact.objects.order_by("pk")):
        contact.notes = f"Note {number}."
        contact.save(update_fields=["notes"])
        witness.staff_wrote(contact, notes=contact.notes)
    return witness


def fill(row):
    """Leave no column empty: a mirror that forgets one would not be noticed by nothing."""
    for position, field in enumerate(each for each in row._meta.concrete_fields if each.null):
        if getattr(row, field.attname) is None and not field.is_relation:
            setattr(row, field.attname, some_value(field, position))
    row.save()


@pytest.fixture
def pictures():
    """Django opens a photo's file when the photo gets another one."""
    picture = BytesIO()
    Image.new("RGB", (1, 1)).save(picture, "PNG")
    for name in PICTURES:
        default_storage.delete(name)
        default_storage.save(name, ContentFile(picture.getvalue()))


@pytest.fixture
def quiet():
    """A broken table is logged with its traceback each time; that costs more than the test."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
