import re

import pytest
from allauth.account.internal.flows import manage_email
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.contrib.messages import get_messages
from django.urls import reverse
from post_office.models import Email

from accounts.models import Owner, User
from accounts.tests.factories import OwnerFactory, UserFactory

pytestmark = pytest.mark.django_db

PASSWORD = "plum-orchard-42"


def sign_up(client, **changes):
    fields = {
        "first_name": "Alice",
        "last_name": "Ashdown",
        "email": "alice@example.com",
        "phone": "01632 960001",
        "company": "Ashdown Houses",
        "password1": PASSWORD,
        "password2": PASSWORD,
        **changes,
    }
    return client.post(reverse("account_signup"), fields)


def confirm(client):
    link = re.search(
        r"http://testserver(/accounts/confirm-email/\S+)", Email.objects.last().message
    )
    return client.post(link[1], follow=True)


class TestSignUp:
    def test_the_fields_come_in_the_order_people_expect(self, client):
        form = client.get(reverse("account_signup")).context["form"]

        assert list(form.fields) == [
            "first_name",
            "last_name",
            "email",
            "phone",
            "company",
            "password1",
            "password2",
            "marketing_consent",
        ]

    def test_it_makes_a_login_and_an_owner(self, client):
        sign_up(client, marketing_consent="on")

        owner = Owner.objects.get()
        assert owner.user.get_full_name() == "Alice Ashdown"
        assert (owner.phone, owner.company) == ("01632 960001", "Ashdown Houses")
        assert owner.marketing_consent_at is not None

    def test_consent_is_not_assumed(self, client):
        sign_up(client)

        assert Owner.objects.get().marketing_consent is False

    def test_the_link_in_the_mail_lets_the_owner_in(self, client):
        response = sign_up(client)
        assert response.url == reverse("account_email_verification_sent")

        page = confirm(client)

        assert page.redirect_chain[-1][0] == reverse("dashboard")
        assert "Welcome, Alice" in page.content.decode()

    def test_the_mail_is_in_our_words_as_text_and_as_html(self, client):
        sign_up(client)

        mail = Email.objects.get()
        assert mail.subject == "Confirm your e-mail address"
        assert "owner account at Gatehouse" in mail.message
        assert "Confirm that it is yours" in mail.html_message

    def test_nobody_gets_in_without_the_link(self, client):
        sign_up(client)

        client.post(reverse("account_login"), {"login": "alice@example.com", "password": PASSWORD})

        assert "_auth_user_id" not in client.session

    @pytest.mark.parametrize(
        "field", ["is_staff", "is_superuser", "role", "user_permissions", "groups", "is_active"]
    )
    def test_a_role_is_never_taken_from_the_request(self, client, field):
        sign_up(client, **{field: "1"})

        user = User.objects.get()
        assert (user.is_staff, user.is_superuser, user.is_active) == (False, False, True)
        assert not user.groups.exists()

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("first_name", ""),
            ("first_name", "Al\nice"),
            ("first_name", "\u200b\u2060"),
            ("last_name", "x" * 151),
            ("email", "nobody"),
            ("email", "a@b.example\nBcc: x@example.com"),
            ("phone", ""),
            ("phone", "0\r1"),
            ("company", "x" * 121),
            ("company", "nul\x00"),
            ("password1", "12345678"),
            ("password2", "other"),
        ],
    )
    def test_what_is_wrong_is_said_beside_the_field(self, client, field, value):
        response = sign_up(client, **{field: value})

        assert field in response.context["form"].errors
        assert f'id="id_{field}_error"' in response.content.decode()
        assert User.objects.count() == 0

    def test_a_taken_address_is_told_to_its_holder_alone(self, client):
        holder = UserFactory(email="alice@example.com")
        EmailAddress.objects.create(user=holder, email=holder.email, verified=True, primary=True)

        response = sign_up(client, email="ALICE@example.com")

        assert response.url == reverse("account_email_verification_sent")
        assert User.objects.count() == 1
        assert Email.objects.get().subject == "You already have an account"

    def test_a_taken_address_costs_as_many_hashes_as_a_free_one(self, client, monkeypatch):
        hashed, real = [], MD5PasswordHasher.encode
        monkeypatch.setattr(
            MD5PasswordHasher, "encode", lambda *args: hashed.append(args[1]) or real(*args)
        )

        for _ in range(2):
            sign_up(client)
            client.cookies.clear()

        assert User.objects.count() == 1
        assert hashed == [PASSWORD, PASSWORD]

    def test_an_address_that_is_taken_at_the_same_moment_is_treated_as_taken(
        self, client, monkeypatch
    ):
        UserFactory(email="alice@example.com")
        asked, real = [], manage_email.email_already_exists

        def too_late_the_first_time(email):
            asked.append(email)
            return real(email) if len(asked) > 1 else (email, False)

        monkeypatch.setattr(manage_email, "email_already_exists", too_late_the_first_time)

        response = sign_up(client)

        assert response.url == reverse("account_email_verification_sent")
        assert User.objects.count() == 1
        assert Email.objects.get().subject == "You already have an account"

    def test_a_failure_on_the_way_leaves_no_half_of_an_account(self, client, monkeypatch):
        monkeypatch.setattr(Owner.objects, "create", lambda **kwargs: 1 / 0)
        client.raise_request_exception = False

        assert sign_up(client).status_code == 500

        assert (User.objects.count(), Email.objects.count()) == (0, 0)


class TestNamesOfFields:
    @pytest.mark.parametrize(
        ("page", "field", "name"),
        [
            ("account_signup", "email", "E-mail"),
            ("account_signup", "password2", "Password again"),
            ("account_login", "login", "E-mail"),
            ("account_reset_password", "email", "E-mail"),
        ],
    )
    def test_they_are_the_same_beside_the_field_and_in_the_list_of_errors(
        self, client, page, field, name
    ):
        page = client.post(reverse(page), {"password1": PASSWORD}).content.decode()

        assert f'<label for="id_{field}">{name}</label>' in page
        assert f'<a href="#id_{field}">{name}: ' in page


class TestLogIn:
    @pytest.fixture
    def alice(self):
        owner = OwnerFactory(user__email="alice@example.com", user__password=PASSWORD)
        EmailAddress.objects.create(
            user=owner.user, email=owner.user.email, verified=True, primary=True
        )
        return owner

    def log_in(self, client, **fields):
        return client.post(
            reverse("account_login"),
            {"login": "alice@example.com", "password": PASSWORD, **fields},
        )

    def test_the_case_of_the_address_does_not_matter(self, client, alice):
        assert self.log_in(client, login="Alice@Example.COM").url == reverse("dashboard")

    def test_staff_come_out_at_their_desk(self, client, alice):
        alice.user.is_staff = True
        alice.user.save()

        assert self.log_in(client).url == reverse("admin:index")

    @pytest.mark.parametrize("fields", [{"password": "wrong"}, {"login": "x@example.com"}])
    def test_a_wrong_login_is_refused_alike_for_all(self, client, alice, fields):
        response = self.log_in(client, **fields)

        assert response.status_code == 200
        assert "not correct" in response.context["form"].errors.as_text()

    def test_a_visitor_is_not_sent_to_another_site(self, client, alice):
        assert self.log_in(client, next="https://bad.example/").url == reverse("dashboard")

    def test_a_forgotten_password_is_chosen_anew(self, client, alice):
        client.post(reverse("account_reset_password"), {"email": "ALICE@example.com"})
        link = re.search(r"http://testserver(\S+)", Email.objects.get().message)[1]
        form = client.get(link, follow=True).redirect_chain[-1][0]

        client.post(form, {"password1": "new-orchard-43", "password2": "new-orchard-43"})

        alice.user.refresh_from_db()
        assert alice.user.check_password("new-orchard-43")

    def test_logging_out_needs_a_press_of_the_button(self, client, alice):
        self.log_in(client)

        client.get(reverse("account_logout"))
        assert "_auth_user_id" in client.session
        response = client.post(reverse("account_logout"))

        assert "_auth_user_id" not in client.session
        assert "You are logged out." in [str(m) for m in get_messages(response.wsgi_request)]


class TestPagesOfAllauth:
    @pytest.mark.parametrize(
        "path",
        [
            "confirm-email/",
            "confirm-email/no-such-key/",
            "password/reset/",
            "password/reset/done/",
            "password/reset/key/1-junk/",
            "password/reset/key/done/",
            "inactive/",
        ],
    )
    def test_they_have_our_look(self, client, path):
        response = client.get(f"/accounts/{path}")

        assert response.status_code == 200
        assert 'class="brand"' in response.content.decode()

    @pytest.mark.parametrize("path", ["email/", "password/change/", "logout/", "reauthenticate/"])
    def test_those_behind_the_login_too(self, client, path):
        client.force_login(OwnerFactory().user)

        page = client.get(f"/accounts/{path}", follow=True).content.decode()

        assert 'class="brand"' in page

    @pytest.mark.parametrize("demo", [True, False])
    def test_the_inbox_page_shows_the_way_to_the_mailbox_in_the_demo_alone(
        self, client, settings, demo
    ):
        settings.DEMO = demo

        page = client.get(reverse("account_email_verification_sent")).content.decode()

        assert (reverse("mailbox") in page) == demo
