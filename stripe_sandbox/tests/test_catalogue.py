import pytest
import stripe


def test_account(client):
    account = client.v1.accounts.retrieve_current()

    assert account.country == "GB"
    assert client.v1.accounts.retrieve(account.id).id == account.id


def test_product_is_updated_and_listed(client, shop):
    client.v1.products.update(shop.product.id, {"active": False, "description": "For a club"})

    found = client.v1.products.retrieve(shop.product.id)
    assert (found.active, found.description) == (False, "For a club")
    assert client.v1.products.list({"active": True}).data == []
    assert client.v1.products.features.list(shop.product.id).data == []


def test_prices_are_found_by_lookup_key(client, shop):
    found = client.v1.prices.list({"lookup_keys": ["yearly"], "active": True})

    assert [price.id for price in found.data] == [shop.yearly.id]
    assert found.data[0].recurring.interval == "year"
    assert client.v1.prices.list({"product": "prod_other"}).data == []


def test_lookup_key_is_only_taken_over_on_request(shop, client):
    with pytest.raises(stripe.InvalidRequestError, match="already uses that lookup key"):
        shop.price(6000, "month", lookup_key="monthly")

    newer = shop.price(6000, "month", lookup_key="monthly", transfer_lookup_key=True)

    assert client.v1.prices.list({"lookup_keys": ["monthly"]}).data[0].id == newer.id
    assert client.v1.prices.retrieve(shop.monthly.id).lookup_key is None


def test_amount_of_a_price_cannot_change(client, shop):
    with pytest.raises(stripe.InvalidRequestError, match="cannot be changed"):
        client.v1.prices.update(shop.monthly.id, {"unit_amount": 1})

    assert client.v1.prices.update(shop.monthly.id, {"active": False}).active is False


def test_product_is_expanded_into_its_price(client, shop):
    found = client.v1.prices.retrieve(shop.monthly.id, {"expand": ["product", "tiers"]})

    assert found.product.name == "Membership"


def test_tax_rates(client, shop):
    assert client.v1.tax_rates.retrieve(shop.vat.id).percentage == 20
    assert [rate.id for rate in client.v1.tax_rates.list({"active": True}).data] == [shop.vat.id]
    assert client.v1.tax_rates.update(shop.vat.id, {"active": False}).active is False
