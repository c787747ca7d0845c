import pytest
from django.contrib.auth.models import Permission
from rest_framework.test import APIClient

from accounts.tests.factories import UserFactory

VIEWS = ["view_contact", "view_propertyrecord", "view_enquiryrecord", "view_membershiprecord"]


def sign_in(user) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


@pytest.fixture
def bob(db) -> APIClient:
    """Staff who may view all four models."""
    user = UserFactory(email="bob@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=VIEWS))
    return sign_in(user)


@pytest.fixture
def new_starter(db) -> APIClient:
    """Staff without any permission."""
    return sign_in(UserFactory(email="new@example.com", is_staff=True))


@pytest.fixture
def charlie(db) -> APIClient:
    """An outsider who even holds the permissions, but is not staff."""
    user = UserFactory(email="charlie@example.com")
    user.user_permissions.set(Permission.objects.filter(codename__in=VIEWS))
    return sign_in(user)
