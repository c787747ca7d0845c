"""Coupons and promotion codes."""

import pytest
import requests
import stripe

from stripe_sandbox.tests.conftest import at


@pytest.fixture
def coupon(client):
    def coupon(**fields):
        return client.v1.coupons.create(fields)

    return coupon


def totals(shop, subscription):
    return [invoice.total for invoice in shop.invoices(subscription)][::-1]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"percent_off": 25, "duration": "once"}, [4500, 6000, 6000]),
        ({"percent_off": 25, "duration": "forever"}, [4500, 4500, 4500]),
        (
            {"percent_off": 25, "duration": "repeating", "duration_in_months": 2},
            [4500, 4500, 6000],
        ),
        ({"amount_off": 1000, "currency": "gbp", "duration": "once"}, [4800, 6000, 6000]),
        ({"percent_off": 100, "duration": "once"}, [0, 6000, 6000]),
    ],
)
def test_how_long_a_discount_lasts(shop, control, coupon, fields, expected):
    subscription = shop.subscribe(discounts=[{"coupon": coupon(**fields).id}])

    control.advance_to(at(2025, 3, 2))

    assert totals(shop, subscription) == expected


def test_discount_in_the_newest_shape(client, shop, coupon):
    made = coupon(percent_off=10, duration="forever", name="Friends")
    subscription = shop.subscribe(discounts=[{"coupon": made.id}])

    found = client.v1.subscriptions.retrieve(
        subscription.id, {"expand": ["discounts.source.coupon"]}
    )
    invoice = shop.invoices(subscription)[0]

    assert found.discounts[0].source.coupon.percent_off == 10
    assert invoice.discounts == [found.discounts[0].id]
    assert invoice.total_discount_amounts[0].amount == 500
    assert (invoice.subtotal, invoice.total_excluding_tax) == (5000, 4500)
    assert invoice.lines.data[0].discount_amounts[0].discount == found.discounts[0].id
    assert client.v1.coupons.retrieve(made.id).times_redeemed == 1


def test_discount_given_and_taken_from_a_running_subscription(
    client, shop, control, coupon, receiver
):
    subscription = shop.subscribe()
    made = coupon(percent_off=50, duration="forever")
    client.v1.subscriptions.update(subscription.id, {"discounts": [{"coupon": made.id}]})
    control.advance_to(at(2025, 2, 2))

    client.v1.subscriptions.update(subscription.id, {"discounts": ""})
    control.advance_to(at(2025, 3, 2), wait=True)

    assert totals(shop, subscription) == [6000, 3000, 6000]
    kinds = [kind for kind in receiver.types if kind.startswith("customer.discount")]
    assert kinds == ["customer.discount.created", "customer.discount.deleted"]


def test_proration_knows_of_the_discount(client, shop, control, coupon):
    made = coupon(percent_off=50, duration="forever")
    subscription = shop.subscribe(discounts=[{"coupon": made.id}])

    client.v1.subscriptions.update(
        subscription.id,
        {
            "items": [{"id": subscription["items"].data[0].id, "quantity": 2}],
            "proration_behavior": "always_invoice",
        },
    )

    lines = shop.invoices(subscription)[0].lines.data
    assert [line.amount for line in lines] == [-2500, 5000]


def test_code_is_typed_on_the_page(client, shop, coupon):
    made = coupon(percent_off=20, duration="once")
    client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": made.id}, "code": "SPRING"}
    )
    session = shop.session(allow_promotion_codes=True)

    refused = requests.post(f"{session.url}/code", data={"code": "AUTUMN"}, timeout=5)
    taken = requests.post(f"{session.url}/code", data={"code": "spring"}, timeout=5)

    assert "This code is not valid" in refused.text
    assert "£48.00" in taken.text
    paid = shop.control.pay(session.id)
    assert (paid["amount_total"], paid["total_details"]["amount_discount"]) == (4800, 1000)


def test_codes_run_out(client, shop, coupon):
    made = coupon(percent_off=20, duration="once")
    code = client.v1.promotion_codes.create(
        {"promotion": {"type": "coupon", "coupon": made.id}, "max_redemptions": 1}
    )
    shop.subscribe(discounts=[{"promotion_code": code.id}])

    with pytest.raises(stripe.InvalidRequestError, match="cannot be redeemed"):
        shop.session(discounts=[{"promotion_code": code.id}])
    assert client.v1.promotion_codes.list({"coupon": made.id}).data[0].times_redeemed == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"percent_off": 10, "amount_off": 10},
        {"percent_off": 101},
        {"amount_off": 10},
        {"percent_off": 10, "duration": "repeating"},
    ],
)
def test_wrong_coupons(coupon, fields):
    with pytest.raises(stripe.InvalidRequestError):
        coupon(**fields)
