import pytest

from billing import stripe_shapes as shapes
from billing.tests.stripe_objects import (
    at,
    make_invoice,
    make_item,
    make_line,
    make_older_subscription,
    make_subscription,
)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [("cus_1", "cus_1"), ({"id": "cus_1"}, "cus_1"), (None, ""), ({}, "")],
)
def test_a_reference_is_an_id_or_the_object(reference, expected):
    assert shapes.id_of(reference) == expected


@pytest.mark.parametrize("make", [make_subscription, make_older_subscription])
def test_the_period_is_found_in_both_places(make):
    assert shapes.current_period(make()) == (at("2026-05-12"), at("2027-05-12"))


def test_of_two_items_the_period_that_runs_out_first_counts():
    monthly = make_item(current_period_end=at("2026-06-12"))

    period = shapes.current_period(make_subscription(items={"data": [make_item(), monthly]}))

    assert period[1] == at("2026-06-12")


@pytest.mark.parametrize(
    "place",
    [
        {"parent": {"subscription_details": {"subscription": "sub_9"}}},
        {"parent": {"subscription_details": {"subscription": {"id": "sub_9"}}}},
        {"parent": None, "subscription": "sub_9"},
        {"parent": None, "subscription": {"id": "sub_9"}},
    ],
)
def test_an_invoices_subscription_is_found_in_both_places(place):
    assert shapes.invoice_subscription_id(make_invoice(**place)) == "sub_9"


def test_a_one_off_invoice_has_no_subscription():
    parent = {"type": "quote_details", "subscription_details": None}

    assert shapes.invoice_subscription_id(make_invoice(parent=parent)) == ""


def test_net_and_vat_add_up_to_the_total():
    invoice = make_invoice()

    assert (shapes.net_of(invoice), shapes.vat_of(invoice)) == (65_000, 13_000)


def test_an_older_invoice_tells_its_tax_instead_of_its_net():
    invoice = make_invoice(tax=13_000)
    del invoice["total_excluding_tax"]

    assert (shapes.net_of(invoice), shapes.vat_of(invoice)) == (65_000, 13_000)


def test_an_invoice_without_a_time_of_payment_was_paid_when_it_was_made():
    invoice = make_invoice(status_transitions=None)

    assert shapes.paid_at(invoice) == at("2026-05-12")


class TestServedPeriod:
    def test_it_is_the_lines_period(self):
        assert shapes.served_period(make_invoice()) == (at("2026-05-12"), at("2027-05-12"))

    def test_a_proration_line_does_not_stretch_it(self):
        proration = make_line("2025-01-01", "2028-01-01", proration=True)

        invoice = make_invoice(lines={"data": [make_line(), proration]})

        assert shapes.served_period(invoice) == (at("2026-05-12"), at("2027-05-12"))

    def test_an_older_line_tells_its_type_itself(self):
        line = {"type": "subscription", "period": {"start": 1, "end": 2}, "proration": False}

        assert shapes.served_period(make_invoice(lines={"data": [line]})) == (1, 2)

    def test_an_invoice_without_lines_serves_no_period(self):
        assert shapes.served_period(make_invoice(lines=None)) == (None, None)
