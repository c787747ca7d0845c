"""A source row and its record are committed together."""

import pytest
from django.db import connection

from crm import receivers
from listings.tests.factories import EnquiryFactory, PropertyFactory


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("factory", [PropertyFactory, EnquiryFactory])
def test_a_save_outside_any_transaction_is_mirrored_inside_its_own(factory, monkeypatch):
    row = factory()
    within = []
    monkeypatch.setattr(
        receivers, "sync_safely", lambda *args, **kwargs: within.append(connection.in_atomic_block)
    )

    row.save()

    assert within
    assert all(within)
    assert not connection.in_atomic_block
