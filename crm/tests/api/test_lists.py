import pytest

from accounts.tests.factories import UserFactory
from crm.tests.api.rows import MAKERS, make_contact, make_enquiry, make_membership, make_property

pytestmark = pytest.mark.django_db

# The session, the user, the user's own and the groups' permissions, and the rows themselves
# with everything inside them.
QUERIES = 5


@pytest.mark.parametrize("name", MAKERS)
class TestQueries:
    @pytest.mark.parametrize("rows", [2, 12])
    def test_a_list_costs_the_same_for_two_rows_and_for_twelve(
        self, name, rows, bob, django_assert_num_queries
    ):
        for _ in range(rows):
            MAKERS[name](assigned_to=UserFactory(is_staff=True))

        with django_assert_num_queries(QUERIES):
            answer = bob.get(f"/api/v1/{name}/")

        assert len(answer.json()["results"]) >= rows

    def test_one_row_costs_one_query(self, name, bob, django_assert_num_queries):
        row = MAKERS[name](assigned_to=UserFactory(is_staff=True))

        with django_assert_num_queries(QUERIES):
            bob.get(f"/api/v1/{name}/{row.pk}/")


@pytest.mark.parametrize("name", MAKERS)
def test_one_row_reads_as_it_does_in_the_list(name, bob):
    row = MAKERS[name]()

    one = bob.get(f"/api/v1/{name}/{row.pk}/").json()

    assert one in bob.get(f"/api/v1/{name}/").json()["results"]


def test_the_people_in_a_row_are_their_id_name_and_email(bob):
    alice = make_contact(first_name="Alice", last_name="Owner", email="alice@example.com")
    house = make_property(owner=alice)

    row = bob.get(f"/api/v1/properties/{house.pk}/").json()

    assert row["owner"] == {
        "id": str(alice.pk),
        "name": "Alice Owner",
        "email": "alice@example.com",
    }


def test_an_enquiry_without_house_and_owner_says_null(bob):
    enquiry = make_enquiry()
    type(enquiry).objects.update(property=None, owner=None)

    row = bob.get(f"/api/v1/enquiries/{enquiry.pk}/").json()

    assert (row["property"], row["owner"], row["assigned_to"]) == (None, None, None)


def test_money_is_whole_pence(bob):
    membership = make_membership(plan_price_pence=85_000, last_payment_amount_pence=102_000)

    row = bob.get(f"/api/v1/memberships/{membership.pk}/").json()

    assert (row["plan_price_pence"], row["last_payment_amount_pence"]) == (85_000, 102_000)
