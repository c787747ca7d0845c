"""The events we ask for: in the docs, by the sandbox, and by what is made of them."""

import re

import pytest
from django.conf import settings

from billing.event_handlers import FINDERS, subscriptions_of
from stripe_sandbox.sandbox import DEFAULT_EVENTS


def events_of_the_docs():
    """A name in the list that begins with a dot has the beginning of the one before it."""
    text = (settings.BASE_DIR / "docs" / "subscriptions.md").read_text()
    [listed] = re.findall(r"and these events:\n\n((?: {7}\S.*\n)+)", text)
    names = []
    for name in listed.split():
        family = names[-1].rpartition(".")[0] if name.startswith(".") else ""
        names.append(family + name)
    return names


def test_the_sandbox_sends_what_the_docs_ask_of_a_real_endpoint():
    assert sorted(DEFAULT_EVENTS) == sorted(events_of_the_docs())


def test_each_is_made_something_of_and_nothing_else_is():
    used = {
        next((each for each in FINDERS if name.startswith(each)), name) for name in DEFAULT_EVENTS
    }

    assert used == set(FINDERS)


@pytest.mark.parametrize("charge", [["a"], 7, {"id": 5}, None])
def test_a_refund_whose_charge_is_no_id_is_about_nothing(charge):
    event = {"type": "refund.created", "data": {"object": {"charge": charge}}}

    assert subscriptions_of(event) == []
