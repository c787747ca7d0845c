"""Whose login staff may change, and that the address they log in with follows."""

from typing import Any

import pytest
from allauth.account.models import EmailAddress, EmailConfirmationHMAC
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from accounts.admin_columns import admin_url
from accounts.models import User
from accounts.tests.factories import OwnerFactory, UserFactory


@pytest.fixture
def frank(db: None) -> User:
    """Staff who may change users, but is no superuser."""
    user = UserFactory(is_staff=True, email="frank@example.com")
    codes = ["view_user", "change_user"]
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    return user


def password_page(user: User) -> str:
    return reverse("admin:auth_user_password_change", args=[user.pk])


def set_password(client: Client, user: User) -> Any:
    new = {"password1": "new-pass-5519", "password2": "new-pass-5519", "usable_password": "true"}
    return client.post(password_page(user), new)


def save(client: Client, user: User, **fields: str) -> Any:
    posted = {"email": user.email, "first_name": user.first_name, "last_name": user.last_name}
    return client.post(admin_url(user), posted | fields)


class TestStaffWhoAreNoSuperusers:
    @pytest.mark.parametrize("role", [{"is_staff": True}, {"is_superuser": True}])
    def test_do_not_set_the_password_of_other_staff(
        self, client: Client, frank: User, role: dict[str, bool]
    ) -> None:
        other = UserFactory(**role)
        client.force_login(frank)

        answer = set_password(client, other)

        other.refresh_from_db()
        assert answer.status_code == 403
        assert other.check_password("gatehouse-pass")

    def test_do_not_change_other_staff(self, client: Client, frank: User) -> None:
        other = UserFactory(is_staff=True, email="gina@example.com")
        client.force_login(frank)

        answer = save(client, other, email="frank2@example.com")

        other.refresh_from_db()
        assert (answer.status_code, other.email) == (403, "gina@example.com")

    def test_change_their_own_name_and_an_owners(self, client: Client, frank: User) -> None:
        owner = OwnerFactory().user
        client.force_login(frank)

        answers = [save(client, user, first_name="Renamed") for user in (frank, owner)]

        assert [answer.status_code for answer in answers] == [302, 302]
        assert User.objects.filter(first_name="Renamed").count() == 2

    def test_set_an_owners_password(self, client: Client, frank: User) -> None:
        owner = OwnerFactory().user
        client.force_login(frank)

        set_password(client, owner)

        owner.refresh_from_db()
        assert owner.check_password("new-pass-5519")


class TestAChangedAddress:
    @pytest.mark.parametrize("verified", [True, False])
    def test_is_the_one_to_log_in_with(self, desk: Client, verified: bool) -> None:
        user = UserFactory(email="old@example.com")
        EmailAddress.objects.create(user=user, email=user.email, primary=True, verified=verified)

        save(desk, user, email="New@Example.com")

        kept = EmailAddress.objects.filter(user=user).values_list("email", "primary", "verified")
        assert list(kept) == [("new@example.com", True, verified)]

    def test_is_not_confirmed_by_a_link_that_went_to_the_old_one(self, desk: Client) -> None:
        user = UserFactory(email="old@example.com")
        old = EmailAddress.objects.create(user=user, email=user.email, primary=True)
        key = EmailConfirmationHMAC(old).key

        save(desk, user, email="new@example.com")

        assert EmailConfirmationHMAC.from_key(key) is None

    def test_is_refused_when_it_is_anothers_further_address(self, desk: Client) -> None:
        user, other = UserFactory(email="old@example.com"), UserFactory()
        EmailAddress.objects.create(user=other, email="taken@example.com", verified=True)

        answer = save(desk, user, email="Taken@example.com")

        user.refresh_from_db()
        assert "Another account, or this one as a further address, has it." in (
            answer.content.decode()
        )
        assert user.email == "old@example.com"

    def test_leaves_alone_a_login_that_never_had_an_address_of_allauths(self, desk: Client) -> None:
        user = UserFactory(email="old@example.com")

        save(desk, user, email="new@example.com")

        user.refresh_from_db()
        assert user.email == "new@example.com"
        assert not EmailAddress.objects.filter(user=user).exists()
