import pytest
import stripe

from stripe_sandbox.api.params import merge_metadata, parse_pairs, read_bool, read_int
from stripe_sandbox.errors import ParameterInvalid


def test_brackets_become_lists_and_objects():
    pairs = [("items[0][price]", "p1"), ("items[1][price]", "p2"), ("expand[]", "x")]

    assert parse_pairs(pairs) == {"items": [{"price": "p1"}, {"price": "p2"}], "expand": ["x"]}


def test_numbered_metadata_stays_an_object():
    assert parse_pairs([("metadata[0]", "a")]) == {"metadata": {"0": "a"}}


def test_metadata_is_merged_and_emptied_by_key():
    changed = merge_metadata({"a": "1", "b": "2"}, {"metadata": {"a": "", "c": "3"}})

    assert changed == {"b": "2", "c": "3"}
    assert merge_metadata(changed, {"metadata": ""}) == {}


@pytest.mark.parametrize("reader", [read_bool, read_int])
def test_nonsense_is_refused(reader):
    with pytest.raises(ParameterInvalid, match="maybe"):
        reader({"active": "maybe"}, "active")


def test_a_value_cannot_also_be_an_object():
    with pytest.raises(ParameterInvalid):
        parse_pairs([("card", "x"), ("card[number]", "4")])


@pytest.mark.parametrize(
    ("service", "wish"),
    [
        ("customers", {}),
        ("products", {"name": "Membership"}),
        ("prices", {"currency": "gbp", "unit_amount": 1, "product_data": {"name": "M"}}),
        ("tax_rates", {"display_name": "VAT", "percentage": 20, "inclusive": False}),
        ("coupons", {"percent_off": 10}),
        ("payment_methods", {"type": "card", "card": {"number": "4242424242424242"}}),
    ],
)
def test_unknown_parameters_are_refused(client, service, wish):
    calls = getattr(client.v1, service)
    with pytest.raises(stripe.InvalidRequestError, match="Received unknown parameter: colour"):
        calls.create({**wish, "colour": "blue"})

    assert calls.create(wish).id
