import pytest
from django.urls import reverse

from accounts.actor import acting_as, current_actor
from accounts.tests.factories import OwnerFactory


def test_nobody_in_particular_acts_from_a_shell():
    assert (current_actor().name, current_actor().origin) == ("system:shell", "shell")


def test_the_innermost_actor_counts_and_ends_with_its_block():
    with acting_as("bob@example.com", "admin"):
        with acting_as("stripe", "webhook"):
            inner = current_actor()
        outer = current_actor()

    assert (inner.name, outer.name) == ("stripe", "bob@example.com")
    assert current_actor().name == "system:shell"


def test_a_command_that_the_worker_runs_is_the_workers():
    with acting_as("system:crm_retry", "worker"), acting_as("system:crm_retry", "command"):
        assert current_actor().origin == "worker"


def test_a_function_is_asked_each_time():
    names = iter(["visitor", "alice@example.com"])

    with acting_as(lambda: next(names), "site"):
        assert current_actor().name == "visitor"
        assert current_actor().name == "alice@example.com"


@pytest.mark.django_db
def test_a_login_is_the_persons_own_act(client, monkeypatch):
    owner = OwnerFactory(user__email="alice@example.com")
    owner.user.emailaddress_set.create(email="alice@example.com", verified=True, primary=True)
    seen = []
    monkeypatch.setattr(
        "crm.receivers.sync_safely", lambda *args, **kwargs: seen.append(current_actor())
    )

    client.post(
        reverse("account_login"), {"login": "alice@example.com", "password": "gatehouse-pass"}
    )

    assert [actor.name for actor in seen] == ["alice@example.com"]
