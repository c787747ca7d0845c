import pytest
import stripe


@pytest.fixture
def names(client):
    for number in range(7):
        client.v1.customers.create({"name": str(number)})
    return lambda **params: [entry.name for entry in client.v1.customers.list(params).data]


def test_newest_first(names):
    assert names() == ["6", "5", "4", "3", "2", "1", "0"]


def test_pages_forwards_and_backwards(client, names):
    page = client.v1.customers.list({"limit": 3})
    assert page.has_more

    assert names(limit=3, starting_after=page.data[-1].id) == ["3", "2", "1"]
    assert names(limit=2, ending_before=page.data[-1].id) == ["6", "5"]
    assert names(ending_before=page.data[0].id) == []


def test_all_pages_are_walked(client, names):
    walked = client.v1.customers.list({"limit": 2}).auto_paging_iter()

    assert [entry.name for entry in walked] == names()


def test_created_range(client, control, names):
    control.advance(100)
    client.v1.customers.create({"name": "later"})

    assert names(created={"gt": control.now() - 100}) == ["later"]
    assert len(names(created={"lt": control.now()})) == 7
    assert names(created=control.now()) == ["later"]


def test_expanding_within_a_list(client, shop):
    shop.subscribe()

    found = client.v1.invoices.list({"expand": ["data.customer", "data.discounts"]}).data[0]

    assert found.customer.email == "alice@example.com"


@pytest.mark.parametrize(
    ("params", "code"),
    [({"limit": 0}, "parameter_invalid"), ({"starting_after": "cus_none"}, "resource_missing")],
)
def test_wrong_paging(client, params, code):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        client.v1.customers.list(params)

    assert caught.value.code == code


LISTS = (
    "balance_transactions charges credit_notes customers disputes events invoice_payments "
    "invoices payment_methods refunds subscriptions"
).split()


@pytest.mark.parametrize("name", LISTS)
def test_every_list_refuses_filters_it_does_not_have(client, name):
    with pytest.raises(stripe.InvalidRequestError) as caught:
        getattr(client.v1, name).list({"canceled_at": 1})

    assert (caught.value.http_status, caught.value.code) == (400, "parameter_unknown")


def test_lists_walk_pages(client, shop):
    for _ in range(3):
        shop.subscribe()

    for name in LISTS:
        service = getattr(client.v1, name)
        walked = [obj.id for obj in service.list({"limit": 1}).auto_paging_iter()]
        assert walked == [obj.id for obj in service.list({"limit": 100}).data], name
