import pytest
from django.urls import reverse

from accounts.models import User
from accounts.tests.factories import OwnerFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(client):
    owner = OwnerFactory(user__first_name="Alice", user__last_name="Ashdown")
    client.force_login(owner.user)
    return owner


def save(client, **changes):
    fields = {"first_name": "Alice", "last_name": "Ashdown", "country": "Wales", **changes}
    return client.post(reverse("profile"), fields, follow=True)


class TestProfile:
    def test_it_shows_what_is_stored(self, client, alice):
        page = client.get(reverse("profile")).content.decode()

        assert 'value="Alice"' in page
        assert 'value="01632 960001"' in page

    def test_what_is_typed_is_stored(self, client, alice):
        page = save(client, first_name="Alicia", phone="01632 2", website="ashdown.example")

        alice.refresh_from_db()
        assert (alice.user.first_name, alice.phone) == ("Alicia", "01632 2")
        assert alice.website == "https://ashdown.example"
        assert "Your profile is saved." in page.content.decode()

    def test_consent_is_stored_with_its_time_and_can_be_withdrawn(self, client, alice):
        save(client, marketing_consent="on")
        alice.refresh_from_db()
        given = alice.marketing_consent_at
        save(client, marketing_consent="on", phone="1")
        alice.refresh_from_db()
        assert given is not None
        assert alice.marketing_consent_at == given

        save(client)

        alice.refresh_from_db()
        assert (alice.marketing_consent, alice.marketing_consent_at) == (False, None)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("first_name", ""),
            ("phone", "0\n1"),
            ("website", "javascript:alert(1)"),
            ("company", "nul\x00"),
            ("zip_code", "x" * 13),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_field(self, client, alice, field, value):
        response = save(client, **{field: value})

        assert list(response.context["form"].errors) == [field]

    def test_address_and_role_are_not_taken_from_the_request(self, client, alice):
        before = User.objects.values("email", "is_staff", "is_superuser").get()

        save(client, email="x@example.com", is_staff="1", is_superuser="1", user="99")

        assert User.objects.values("email", "is_staff", "is_superuser").get() == before
