"""Our objects against Stripe's own example objects."""

import json
import os
from pathlib import Path

import pytest

from stripe_sandbox.process import running_sandbox
from stripe_sandbox.shapes import TEMPLATES
from stripe_sandbox.tests.conftest import START, Shop, connect

ROOT = Path(__file__).resolve().parents[2]
SHARED = Path(os.environ.get("GATEHOUSE_SHARED") or ROOT.parent / "shared")
FIXTURES = SHARED / "stripe" / "fixtures3.json"

# What Gatehouse and dj-stripe read of each object.
READ = {
    "account": "id country default_currency settings business_profile charges_enabled email type",
    "customer": "id email name metadata invoice_settings livemode created currency balance "
    "delinquent discount default_source",
    "product": "id name active description metadata default_price livemode created type",
    "price": "id active currency unit_amount unit_amount_decimal recurring product lookup_key "
    "metadata type livemode billing_scheme tax_behavior nickname",
    "tax_rate": "id percentage inclusive display_name active country jurisdiction metadata",
    "checkout.session": "id status payment_status mode customer customer_details customer_email "
    "client_reference_id metadata subscription invoice url success_url cancel_url expires_at "
    "amount_total amount_subtotal total_details currency livemode",
    "item": "id price quantity amount_total amount_tax description",
    "payment_method": "id type card customer billing_details livemode created",
    "subscription": "id status customer items cancel_at cancel_at_period_end canceled_at ended_at "
    "cancellation_details latest_invoice start_date created metadata currency "
    "default_payment_method default_tax_rates livemode trial_start trial_end pause_collection "
    "collection_method discounts billing_cycle_anchor billing_mode schedule pending_setup_intent",
    "subscription_item": "id price quantity current_period_start current_period_end subscription "
    "metadata created tax_rates discounts plan",
    "invoice": "id status customer parent lines total subtotal total_excluding_tax total_taxes "
    "amount_due amount_paid amount_remaining status_transitions attempt_count attempted "
    "next_payment_attempt billing_reason number period_start period_end hosted_invoice_url "
    "invoice_pdf currency created metadata livemode discounts auto_advance default_tax_rates",
    "line_item": "id amount subtotal currency description period pricing parent quantity taxes "
    "discounts metadata invoice",
    "invoice_payment": "id invoice payment status amount_paid amount_requested is_default "
    "status_transitions created",
    "payment_intent": "id status amount amount_received currency customer latest_charge "
    "last_payment_error payment_method metadata",
    "charge": "id status amount amount_refunded refunded paid captured balance_transaction "
    "failure_code failure_message outcome payment_intent payment_method customer created currency",
    "balance_transaction": "id amount fee net fee_details type source available_on currency",
    "refund": "id amount charge payment_intent status reason created currency",
    "invoiceitem": "id amount currency customer invoice parent period proration description",
    "subscription_schedule": "id status phases current_phase subscription customer end_behavior "
    "released_at released_subscription canceled_at created metadata livemode",
    "credit_note": "id invoice customer amount total total_excluding_tax total_taxes lines refunds "
    "customer_balance_transaction reason status type number created post_payment_amount",
    "credit_note_line_item": "id amount description invoice_line_item quantity type",
    "customer_balance_transaction": "id amount ending_balance type customer invoice credit_note",
    "dispute": "id amount charge payment_intent reason status created balance_transactions "
    "evidence_details currency",
    "coupon": "id percent_off amount_off currency duration duration_in_months valid name",
    "promotion_code": "id code active promotion customer expires_at times_redeemed",
    "discount": "id source start end customer subscription promotion_code checkout_session",
    "event": "id type data created api_version livemode request pending_webhooks",
    "webhook_endpoint": "id url enabled_events status api_version livemode metadata",
    "billing_portal.session": "id url customer return_url",
}


@pytest.fixture(scope="module")
def examples():
    if not FIXTURES.exists():
        pytest.fail(
            f"Stripe's example objects are not at {FIXTURES}. Set GATEHOUSE_SHARED to the folder "
            "that holds stripe/fixtures3.json; the shapes cannot be checked without it."
        )
    return json.loads(FIXTURES.read_text())["resources"]


@pytest.fixture(scope="module")
def served():
    """One real object of every kind, as the API shows it."""
    with running_sandbox("http://127.0.0.1:9/", enabled_events=()) as running:
        running.control.freeze(START)
        return make_one_of_each(connect(running.url), running)


def make_one_of_each(client, running) -> list[dict]:
    shop = Shop(running, client)
    paid = shop.subscribe(card="4000000000000341")
    shop.control.advance_to(paid["items"].data[0].current_period_end)
    charge = client.v1.charges.list().data[-1]
    v1 = client.v1
    item = paid["items"].data[0].id
    coupon = v1.coupons.create({"percent_off": 10, "duration": "forever"})
    code = v1.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    v1.subscriptions.update(paid.id, {"discounts": [{"promotion_code": code.id}]})
    note = v1.credit_notes.create(
        {"invoice": paid.latest_invoice, "amount": 120, "credit_amount": 120}
    )
    v1.subscriptions.update(paid.id, {"items": [{"id": item, "quantity": 2}]})
    session = v1.checkout.sessions.list().data[0]
    objects = [
        v1.accounts.retrieve_current(),
        v1.customers.retrieve(paid.customer),
        v1.products.retrieve(shop.product.id),
        v1.prices.retrieve(shop.monthly.id),
        v1.tax_rates.retrieve(shop.vat.id),
        session,
        v1.checkout.sessions.line_items.list(session.id).data[0],
        v1.payment_methods.list().data[0],
        *v1.subscriptions.list().data,
        paid["items"].data[0],
        *v1.invoices.list().data,
        v1.invoices.list().data[0].lines.data[0],
        *v1.invoice_payments.list().data,
        *v1.payment_intents.list().data,
        *v1.charges.list().data,
        v1.balance_transactions.list().data[0],
        v1.refunds.create({"charge": charge.id, "amount": 1}),
        coupon,
        code,
        v1.subscriptions.retrieve(paid.id, {"expand": ["discounts"]}).discounts[0],
        note,
        note.lines.data[0],
        v1.customers.balance_transactions.list(paid.customer).data[0],
        v1.disputes.retrieve(shop.control.dispute(charge.id)["id"]),
        *v1.events.list().data,
        v1.invoice_items.list().data[0],
        v1.subscription_schedules.create({"from_subscription": paid.id}),
        v1.webhook_endpoints.list().data[0],
        v1.billing_portal.sessions.create({"customer": paid.customer}),
    ]
    return [json.loads(str(obj)) for obj in objects]


def kind_of(value) -> str:
    """Numbers are one kind: a percentage is 20 or 17.5."""
    if isinstance(value, bool):
        return "bool"
    return "number" if isinstance(value, int | float) else type(value).__name__


def clashes(obj: dict, example: dict) -> list[str]:
    both = [name for name in obj if obj[name] is not None and example.get(name) is not None]
    return [name for name in both if kind_of(obj[name]) != kind_of(example[name])]


def test_every_kind_is_checked(served):
    assert {obj["object"] for obj in served} == set(READ) == set(TEMPLATES)


def test_keys_are_exactly_stripes(served, examples):
    for obj in served:
        assert set(obj) == set(examples[obj["object"]]), obj["object"]


def test_values_are_of_stripes_types(served, examples):
    for obj in served:
        assert clashes(obj, examples[obj["object"]]) == [], obj["object"]


def test_what_is_read_exists_on_both_sides(served, examples):
    for obj in served:
        read = set(READ[obj["object"]].split())
        assert read <= set(obj), obj["object"]
        assert read <= set(examples[obj["object"]]), obj["object"]


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("subscription", "items.data.0"),
        ("subscription", "cancellation_details"),
        ("invoice", "lines.data.0"),
        ("invoice", "status_transitions"),
        ("invoice", "parent"),
        ("price", "recurring"),
        ("customer", "invoice_settings"),
        ("payment_method", "billing_details"),
    ],
)
def test_nested_objects_have_stripes_keys(served, examples, kind, path):
    ours = next(obj for obj in served if obj["object"] == kind)
    theirs = examples[kind]
    for step in path.split("."):
        index = int(step) if step.isdecimal() else step
        ours, theirs = ours[index], theirs[index]

    assert set(ours) == set(theirs)
