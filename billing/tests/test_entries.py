"""What must stand in the ledger, from Stripe's objects alone.

Failures of the predecessor covered (by the numbers of its list): 2 one payment recorded twice,
9 units and VAT, 27 a payment history that was a stub.
"""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing import stripe_shapes as shapes
from billing.entries import Money, ledger_entries
from billing.tests.stripe_objects import at, make_invoice


def make_transaction(amount, fee=0, **fields):
    made = {"id": "txn_1", "currency": "gbp", "created": at("2026-05-12")}
    return {**made, "amount": amount, "fee": fee, **fields}


def make_charge(amount=78_000, **fields):
    return {
        "id": "ch_1",
        "amount": amount,
        "paid": True,
        "payment_intent": "pi_1",
        "balance_transaction": make_transaction(amount, 1_190),
        **fields,
    }


def make_paid_invoice(**fields):
    payment = {"payment": {"type": "payment_intent", "payment_intent": "pi_1"}}
    return make_invoice(payments={"data": [payment]}, **fields)


def make_refund(amount, name="re_1", **fields):
    return {
        "id": name,
        "amount": amount,
        "charge": "ch_1",
        "created": at("2026-05-20"),
        "currency": "gbp",
        "status": "succeeded",
        "balance_transaction": make_transaction(-amount),
        **fields,
    }


def make_note(total, net, *refunds, **fields):
    given = [{"refund": name, "amount_refunded": amount} for name, amount in refunds]
    return {
        "id": "cn_1",
        "number": "A-0001-CN-01",
        "invoice": "in_1",
        "created": at("2026-05-21"),
        "status": "issued",
        "total": total,
        "total_excluding_tax": net,
        "refunds": given,
        **fields,
    }


def make_dispute(*transactions, amount=78_000):
    return {
        "id": "du_1",
        "amount": amount,
        "charge": "ch_1",
        "currency": "gbp",
        "balance_transactions": list(transactions),
    }


def entries(*, invoice=None, **money):
    money = {"charges": [make_charge()], **money}
    return ledger_entries([invoice or make_paid_invoice()], Money(**money))


def returned(**money):
    """What follows the invoice's own row, as kind, step, net, VAT and gross."""
    return [
        (row.kind, row.step, row.net_pence, row.vat_pence, row.gross_pence)
        for row in entries(**money)[1:]
    ]


class TestFee:
    def test_it_is_what_stripe_kept_of_the_charge(self):
        assert entries()[0].fee_pence == 1_190

    def test_of_two_charges_it_is_the_sum(self):
        first, second = make_charge(40_000), make_charge(38_000, id="ch_2")

        assert entries(charges=[first, second])[0].fee_pence == 2_380

    @pytest.mark.parametrize(
        "charges",
        [
            [],
            [make_charge(balance_transaction="txn_1")],
            [make_charge(balance_transaction=None)],
            [make_charge(balance_transaction=make_transaction(90_000, 5, currency="usd"))],
            [make_charge(), make_charge(id="ch_2", balance_transaction=None)],
        ],
        ids=["no charge", "not expanded", "none yet", "other currency", "one of two"],
    )
    def test_what_is_not_known_is_not_nothing(self, charges):
        assert entries(charges=charges)[0].fee_pence is None

    def test_a_charge_that_was_declined_is_none_of_it(self):
        declined = make_charge(id="ch_0", paid=False, status="failed", balance_transaction=None)

        assert entries(charges=[make_charge(), declined])[0].fee_pence == 1_190

    def test_an_older_invoice_names_its_charge_itself(self):
        invoice = make_invoice(charge="ch_1")

        assert entries(invoice=invoice)[0].fee_pence == 1_190


class TestRefunds:
    def test_all_of_an_invoice_is_its_mirror_image(self):
        assert returned(refunds=[make_refund(78_000)]) == [("refund", 1, -65_000, -13_000, -78_000)]

    def test_a_part_is_split_as_the_invoice_with_vat_rounded_half_up(self):
        assert returned(refunds=[make_refund(123)]) == [("refund", 1, -102, -21, -123)]

    def test_one_that_failed_comes_back_as_a_row_of_its_own(self):
        back = make_transaction(10_000, created=at("2026-05-25"))
        failed = make_refund(10_000, status="failed", failure_balance_transaction=back)

        assert returned(refunds=[failed]) == [
            ("refund", 1, -8_333, -1_667, -10_000),
            ("refund", 2, 8_333, 1_667, 10_000),
        ]

    def test_one_that_waits_for_somebody_has_moved_nothing(self):
        waiting = make_refund(100, status="requires_action", balance_transaction=None)

        assert returned(refunds=[waiting]) == []

    def test_one_of_another_charge_is_none_of_it(self):
        assert returned(refunds=[make_refund(100, charge="ch_9")]) == []

    @settings(max_examples=200, deadline=None, derandomize=True)
    @given(
        st.integers(1, 200_000),
        st.integers(0, 40_000),
        st.lists(st.integers(1, 100_000), min_size=1, max_size=6),
    )
    def test_parts_add_up_to_the_invoice_to_the_penny(self, net, vat, weights):
        total = net + vat
        cuts = sorted({total * sum(weights[:n]) // sum(weights) for n in range(len(weights) + 1)})
        parts = [end - start for start, end in zip(cuts, cuts[1:], strict=False)]
        refunds = [make_refund(part, f"re_{n}") for n, part in enumerate(parts)][::-1]
        invoice = make_paid_invoice(total=total, total_excluding_tax=net)

        found = entries(invoice=invoice, refunds=refunds)

        assert sum(row.gross_pence for row in found) == 0
        assert sum(row.vat_pence for row in found) == 0
        assert all(row.gross_pence == row.net_pence + row.vat_pence for row in found)


class TestDisputes:
    def test_one_takes_the_money_and_its_fee(self):
        taken = make_transaction(-78_000, 2_000)

        found = entries(disputes=[make_dispute(taken)])[1]

        assert (found.gross_pence, found.vat_pence, found.fee_pence) == (-78_000, -13_000, 2_000)

    def test_one_that_is_won_gives_it_back(self):
        taken = make_transaction(-78_000, 2_000)
        given_back = make_transaction(78_000, created=at("2026-06-01"))

        assert returned(disputes=[make_dispute(taken, given_back)]) == [
            ("dispute", 1, -65_000, -13_000, -78_000),
            ("dispute", 2, 65_000, 13_000, 78_000),
        ]

    def test_an_inquiry_moves_nothing(self):
        assert returned(disputes=[make_dispute()]) == []

    def test_with_a_refund_before_it_both_add_up_to_the_vat(self):
        refunds = [make_refund(33_333)]
        taken = make_transaction(-44_667, created=at("2026-06-01"))

        found = returned(refunds=refunds, disputes=[make_dispute(taken, amount=44_667)])

        assert [row[3] for row in found] == [-5_556, -7_444]


class TestCreditNotes:
    def test_one_that_refunds_all_of_it_counts_as_its_refund_alone(self):
        note = make_note(10_000, 8_333, ("re_1", 10_000))

        assert returned(refunds=[make_refund(10_000)], credit_notes=[note]) == [
            ("refund", 1, -8_333, -1_667, -10_000)
        ]

    def test_one_for_later_invoices_is_a_row_with_the_notes_own_vat(self):
        assert returned(credit_notes=[make_note(10_000, 10_000)]) == [
            ("credit_note", 1, -10_000, 0, -10_000)
        ]

    def test_one_that_refunds_a_part_counts_the_rest(self):
        note = make_note(10_000, 8_333, ("re_1", 4_000))

        assert returned(refunds=[make_refund(4_000)], credit_notes=[note]) == [
            ("refund", 1, -3_333, -667, -4_000),
            ("credit_note", 1, -5_000, -1_000, -6_000),
        ]

    def test_an_older_note_names_its_one_refund(self):
        note = make_note(10_000, 8_333, refund="re_1")

        assert len(returned(refunds=[make_refund(10_000)], credit_notes=[note])) == 1

    def test_one_that_splits_the_vat_in_another_way_puts_it_right_without_money(self):
        note = make_note(10_000, 10_000, ("re_1", 10_000))

        assert returned(refunds=[make_refund(10_000)], credit_notes=[note])[1] == (
            "credit_note",
            1,
            -1_667,
            1_667,
            0,
        )

    def test_one_that_was_voided_is_none(self):
        assert returned(credit_notes=[make_note(10_000, 8_333, status="void")]) == []

    def test_one_on_an_invoice_that_is_still_open_waits_for_its_payment(self):
        unpaid = make_paid_invoice(paid=None)

        assert entries(invoice=unpaid, credit_notes=[make_note(10_000, 8_333)]) == []

    def test_its_row_bears_its_own_number(self):
        assert entries(credit_notes=[make_note(100, 83)])[1].invoice_number == "A-0001-CN-01"


def test_an_invoice_listed_twice_is_one_row():
    invoice = make_paid_invoice()

    assert len(ledger_entries([invoice, invoice], Money())) == 1


def test_stripes_own_examples_can_be_read(stripe_fixtures_file):
    examples = json.loads(stripe_fixtures_file.read_text())["resources"]
    charge, invoice = examples["charge"], examples["invoice"] | {"status": "paid"}
    invoice["charge"] = charge["id"]
    note = examples["credit_note"] | {"invoice": invoice["id"]}
    money = Money([charge], [examples["refund"]], [note], [examples["dispute"]])

    found = ledger_entries([invoice], money)

    assert {(row.kind, row.gross_pence) for row in found} == {
        ("invoice", 1_000),
        ("refund", -100),
        ("credit_note", -1_690),
    }


def test_a_payer_is_found_in_older_and_newer_places():
    older = {"payment_intent": "pi_1", "charge": {"id": "ch_1"}}

    assert shapes.payers_of(older) == {"pi_1", "ch_1"}
    assert shapes.payers_of(make_paid_invoice()) == {"pi_1"}
