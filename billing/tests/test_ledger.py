"""The ledger's rows: written once, never changed, and there when their people are gone.

Failures of the predecessor covered (by the numbers of its list): 2 one payment twice, 23 payments
deleted with their user, 24 screens over tables that nobody writes, 25 rules that no table holds.
"""

import dataclasses
import datetime

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import ProtectedError

from accounts.tests.factories import OwnerFactory
from billing.entries import Entry
from billing.ledger import record_payments
from billing.models import Payment
from billing.models.payment import LedgerIsAppendOnly
from billing.tests.factories import MembershipFactory, PaymentFactory

pytestmark = pytest.mark.django_db

ENTRY = Entry(
    kind="invoice",
    stripe_object_id="in_1",
    step=1,
    stripe_invoice_id="in_1",
    invoice_number="A-0001",
    currency="gbp",
    net_pence=65_000,
    vat_pence=13_000,
    gross_pence=78_000,
    fee_pence=None,
    paid_at=datetime.datetime(2026, 5, 12, 12, tzinfo=datetime.UTC),
)


def entry(**fields):
    return dataclasses.replace(ENTRY, **fields)


class TestRecording:
    def test_a_row_keeps_whose_it_was_in_words(self):
        membership = MembershipFactory(owner=OwnerFactory(company="Lark Houses Ltd"))

        [payment] = record_payments(membership, [ENTRY])

        assert payment.owner_name == "Lark Houses Ltd"
        assert payment.description == "Silver yearly membership"

    def test_a_second_time_writes_nothing(self):
        membership = MembershipFactory()
        record_payments(membership, [ENTRY])

        assert record_payments(membership, [ENTRY]) == []

    def test_the_next_step_of_the_same_object_is_another_row(self):
        membership = MembershipFactory()

        record_payments(membership, [ENTRY, entry(step=2)])

        assert Payment.objects.count() == 2

    def test_a_fee_that_becomes_known_is_filled_in_once(self):
        membership = MembershipFactory()
        record_payments(membership, [ENTRY])

        record_payments(membership, [entry(fee_pence=1_190)])
        record_payments(membership, [entry(fee_pence=9)])

        assert Payment.objects.get().fee_pence == 1_190


class TestAppendOnly:
    def test_a_row_cannot_be_saved_again(self):
        payment = PaymentFactory()
        payment.net_pence = 1

        with pytest.raises(LedgerIsAppendOnly):
            payment.save()

    @pytest.mark.parametrize(
        "change",
        [
            lambda: Payment.objects.update(net_pence=1),
            lambda: Payment.objects.all().delete(),
            lambda: Payment.objects.get().delete(),
            lambda: Payment.objects.bulk_update(Payment.objects.all(), ["net_pence"]),
            lambda: Payment.objects.bulk_create([], update_conflicts=True),
        ],
        ids=["update", "delete many", "delete one", "bulk_update", "upsert"],
    )
    def test_nothing_else_changes_or_deletes_rows(self, change):
        PaymentFactory()

        with pytest.raises(LedgerIsAppendOnly):
            change()

        assert Payment.objects.get().net_pence == 65_000

    def test_one_step_of_an_object_stands_once(self):
        PaymentFactory(stripe_object_id="in_1")

        with pytest.raises(IntegrityError), transaction.atomic():
            PaymentFactory(stripe_object_id="in_1")

    def test_a_membership_with_payments_cannot_be_deleted(self):
        payment = PaymentFactory()

        with pytest.raises(ProtectedError):
            payment.membership.delete()

    def test_an_owner_who_is_erased_leaves_the_row_its_membership_and_a_name(self):
        payment = PaymentFactory(owner_name="Lark Houses Ltd")
        membership = payment.membership

        payment.owner.delete()

        payment = Payment.objects.get()
        assert (payment.owner, payment.membership) == (None, membership)
        assert payment.owner_name == "Lark Houses Ltd"


RAW = {
    "an amount": "UPDATE billing_payment SET net_pence = 0, vat_pence = 0, gross_pence = 0",
    "an owner": "UPDATE billing_payment SET owner_id = %(other)s",
    "a known fee": "UPDATE billing_payment SET fee_pence = 1",
    "a fee away": "UPDATE billing_payment SET fee_pence = NULL",
    "a row away": "DELETE FROM billing_payment",
}


class TestTheDatabaseItself:
    """PostgreSQL refuses what comes past the models; SQLite has the models alone."""

    @pytest.mark.parametrize("statement", RAW.values(), ids=RAW.keys())
    def test_raw_sql_is_refused_where_the_database_can(self, statement):
        PaymentFactory(fee_pence=1_190)
        other = OwnerFactory().pk
        guarded = connection.vendor == "postgresql"

        try:
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(statement % {"other": other})
            refused = False
        except DatabaseError as error:
            refused = "never changed or deleted" in str(error)

        assert refused == guarded

    def test_an_owner_and_an_unknown_fee_may_be_written(self):
        PaymentFactory(fee_pence=None)

        with connection.cursor() as cursor:
            cursor.execute("UPDATE billing_payment SET fee_pence = 7, owner_id = NULL")

        payment = Payment.objects.get()
        assert (payment.fee_pence, payment.owner) == (7, None)
