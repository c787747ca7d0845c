import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import User
from accounts.tests.factories import OwnerFactory, UserFactory


@pytest.fixture
def bob(db: None) -> User:
    """A superuser."""
    return UserFactory(staff=True, email="bob@example.com", first_name="Bob")


@pytest.fixture
def dora(db: None) -> User:
    """Staff who may look at every record, and change none."""
    user = UserFactory(is_staff=True, email="dora@example.com")
    looks = Permission.objects.filter(content_type__app_label="crm", codename__startswith="view_")
    user.user_permissions.set(looks)
    return user


@pytest.fixture
def alice(db: None) -> User:
    """An owner: nobody to the admin."""
    return OwnerFactory(user__email="alice@example.com", user__first_name="Alice").user


@pytest.fixture
def desk(client: Client, bob: User) -> Client:
    """A browser in which Bob is logged in."""
    client.force_login(bob)
    return client
