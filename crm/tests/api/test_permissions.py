import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.models import User
from crm.tests.api.rows import MAKERS

pytestmark = pytest.mark.django_db

LISTS = list(MAKERS)


@pytest.fixture(params=LISTS)
def addresses(request):
    row = MAKERS[request.param]()
    return [f"/api/v1/{request.param}/", f"/api/v1/{request.param}/{row.pk}/"]


class TestRefused:
    def test_without_login(self, addresses):
        answers = [APIClient().get(address) for address in addresses]

        assert [answer.status_code for answer in answers] == [403, 403]

    def test_for_an_outsider(self, addresses, charlie):
        assert [charlie.get(address).status_code for address in addresses] == [403, 403]

    def test_for_staff_without_the_models_view_permission(self, addresses, new_starter):
        assert [new_starter.get(address).status_code for address in addresses] == [403, 403]

    def test_for_staff_who_were_switched_off(self, addresses, bob):
        User.objects.filter(email="bob@example.com").update(is_active=False)

        assert [bob.get(address).status_code for address in addresses] == [403, 403]

    def test_a_malformed_id_tells_an_anonymous_visitor_nothing_else(self, db):
        assert APIClient().get("/api/v1/contacts/junk/").status_code == 403


class TestAllowed:
    def test_for_staff_with_the_view_permission(self, addresses, bob):
        assert [bob.get(address).status_code for address in addresses] == [200, 200]

    def test_one_models_permission_opens_only_that_model(self, new_starter):
        user = User.objects.get(email="new@example.com")
        user.user_permissions.add(Permission.objects.get(codename="view_enquiryrecord"))

        answers = {name: new_starter.get(f"/api/v1/{name}/").status_code for name in LISTS}

        assert answers == {"contacts": 403, "properties": 403, "enquiries": 200, "memberships": 403}


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes(method, addresses, bob):
    answers = [getattr(bob, method)(address, {}, format="json") for address in addresses]

    assert [answer.status_code for answer in answers] == [405, 405]
