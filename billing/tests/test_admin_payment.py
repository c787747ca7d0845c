"""The ledger as staff see it: what a list comes to, whose each row is, and the way there."""

import pytest
from django.urls import reverse
from django.utils.html import escape

from accounts.admin_columns import admin_url
from accounts.tests.factories import OwnerFactory, UserFactory
from billing.models import Payment
from billing.tests.factories import MembershipFactory, PaymentFactory, ReconcileRunFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(client):
    client.force_login(UserFactory(staff=True))
    return client


def listed(desk, **filters):
    return desk.get(reverse("admin:billing_payment_changelist"), filters)


def totals(desk, **filters):
    return dict(listed(desk, **filters).context_data["totals"])


def refund(**fields):
    money = {"net_pence": -8_333, "vat_pence": -1_667, "gross_pence": -10_000, "fee_pence": 0}
    return PaymentFactory(kind="refund", **money | fields)


class TestTotals:
    def test_they_are_of_all_rows_of_the_list(self, desk):
        PaymentFactory(fee_pence=1_190)
        refund()

        assert totals(desk) == {
            "Rows": "2",
            "Without VAT": "£566.67",
            "VAT": "£113.33",
            "With VAT": "£680",
            "Stripe’s fees": "£11.90",
        }

    def test_a_filter_narrows_them(self, desk):
        PaymentFactory()
        refund()

        assert totals(desk, kind="refund")["With VAT"] == "-£100"

    def test_a_search_narrows_them(self, desk):
        PaymentFactory(invoice_number="GH-0001")
        PaymentFactory(invoice_number="GH-0002")

        assert totals(desk, q="GH-0002")["Rows"] == "1"

    def test_they_reach_beyond_the_page(self, desk):
        PaymentFactory.create_batch(31)

        assert totals(desk)["Without VAT"] == "£20,150"

    def test_fees_that_are_not_known_are_counted_and_not_taken_for_nothing(self, desk):
        PaymentFactory(fee_pence=1_190)
        PaymentFactory(fee_pence=None)

        assert totals(desk)["Stripe’s fees (1 not known)"] == "£11.90"
        assert totals(desk, fee="unknown")["Stripe’s fees (1 not known)"] == "–"


class TestWhose:
    def test_a_row_leads_to_its_owner_and_its_membership(self, desk):
        payment = PaymentFactory()

        page = listed(desk).content.decode()

        assert f'href="{admin_url(payment.owner)}"' in page
        assert f'href="{admin_url(payment.membership.crm_record)}"' in page

    def test_of_an_erased_owner_the_name_of_the_time_is_left(self, desk):
        payment = PaymentFactory(owner_name="Bay & Moor Holidays")
        payment.owner.delete()

        assert escape("Bay & Moor Holidays") in listed(desk).content.decode()

    def test_an_owner_found_later_is_shown_and_filtered_by(self, desk):
        late = OwnerFactory()
        PaymentFactory(membership=MembershipFactory(owner=late), owner=None)
        PaymentFactory()

        found = listed(desk, owner=late.pk)

        assert found.context_data["cl"].result_count == 1
        assert f'href="{admin_url(late)}"' in found.content.decode()

    def test_one_of_no_membership_is_shown_all_the_same(self, desk):
        PaymentFactory(
            membership=None,
            owner=None,
            stripe_customer_id="cus_1",
            owner_name="",
            invoice_number="",
        )

        assert Payment.objects.get().stripe_object_id in listed(desk).content.decode()


@pytest.mark.parametrize(
    ("kind", "step", "gross", "expected"),
    [
        ("dispute", 1, -78_000, "Dispute"),
        ("dispute", 2, 78_000, "Dispute won"),
        ("dispute", 3, -78_000, "Dispute"),
        ("refund", 2, 78_000, "Refund that failed"),
        ("invoice", 1, 78_000, "Invoice paid"),
    ],
)
def test_a_row_says_what_happened(kind, step, gross, expected):
    assert Payment(kind=kind, step=step, gross_pence=gross).what == expected


class TestComparisons:
    @pytest.mark.parametrize(("result", "expected"), [("equal", 1), ("differs", 1), ("broken", 2)])
    def test_they_are_filtered_by_what_came_of_them(self, desk, result, expected):
        ReconcileRunFactory()
        ReconcileRunFactory(found=1, differences=1)
        ReconcileRunFactory(error="Silence.")
        ReconcileRunFactory(finished_at=None)

        found = desk.get(reverse("admin:billing_reconcilerun_changelist"), {"result": result})

        assert found.context_data["cl"].result_count == expected

    def test_one_says_what_differed_and_what_was_left(self, desk):
        told = {"subscription": "sub_1", "name": "<b>Gold", "sentences": ["Status is…"]}
        run = ReconcileRunFactory(found=2, differences=1, listed=[told | {"left": True}])

        page = desk.get(admin_url(run)).content.decode()

        assert "&lt;b&gt;Gold" in page
        assert "Status is…" in page
        assert "The first 1 of 2." in page
