"""Plays one case: each event goes in as Stripe's would, then the production code is asked."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction
from django.test.utils import override_settings

from accounts.actor import acting_as
from accounts.london import moment_of_timestamp
from accounts.models import Owner, User
from billing import revenue
from billing.models import Customer
from billing.patience import answered_by
from billing.revenue.replay.answers import answer, check_keys, is_answered
from billing.revenue.replay.cases import Case, horizon, name_of, read_case
from billing.revenue.replay.checks import BadCase
from billing.revenue.replay.history import History
from billing.revenue.replay.status import status_answer
from billing.revenue.replay.world import World
from billing.sync import refresh_membership

Json = dict[str, Any]

KEY = "sk_test_of_a_world_in_memory"


Watch = Callable[[int], None]


def prepare(content: Json) -> tuple[list[Case], Json]:
    """Return the cases to be played, and the answers to those that need no playing.

    Raises BadCase, so that nothing is played of a file that is not right.
    """
    prices, states = content.get("prices") or {}, content.get("status_cases", [])
    if not isinstance(prices, dict):
        raise BadCase("The file's “prices” are no object.")
    _check_names([*content.get("event_cases", []), *states])
    cases = [read_case(given, prices) for given in content.get("event_cases", [])]
    for case in cases:
        check_keys(case)
    return cases, {name_of(given): status_answer(given) for given in states}


def replay(cases: list[Case], *, watch: Watch = lambda count: None) -> Json:
    """Return the answers to cases, by their ids; `watch` gets how many there are after each."""
    answers: Json = {}
    for case in cases:
        answers[case.id] = play(case)
        watch(len(cases))
    return answers


def _check_names(given: list[Any]) -> None:
    for name, many in Counter(map(name_of, given)).items():
        if many > 1:
            raise BadCase(f"{name}: {many} cases have this id.")


def play(case: Case) -> Json:
    """Return what the production code makes of each key that the case expects.

    Leaves nothing behind in the database.
    """
    with transaction.atomic():
        live_through(case)
        answers = {key: answer(case, key) for key in case.expected if is_answered(key)}
        transaction.set_rollback(True)
    return answers


@contextmanager
def _stripe_is_a(world: World) -> Iterator[World]:
    secret = settings.STRIPE_SECRET_KEY or KEY
    with override_settings(STRIPE_SECRET_KEY=secret), answered_by(world.request):
        yield world


def live_through(case: Case) -> None:
    """Let all of a case happen, to the end of what is asked about; what it brings stays."""
    with _stripe_is_a(World()) as world, acting_as("system:revenue_replay", "command"):
        _happen(case, world)


def _happen(case: Case, world: World) -> None:
    for name in case.customers:
        user = User.objects.create_user(email=f"{name}@replay.example")
        Customer.objects.create(owner=Owner.objects.create(user=user), stripe_id=name)
    history = History(world, case.prices, revenue.remember)
    for happening in case.happenings:
        history.happen(happening)
        refresh_membership(happening.subscription, now=moment_of_timestamp(happening.at))
    ends_at = horizon(case)
    for name in world.subscriptions:
        history.renew(name, ends_at)
        refresh_membership(name, now=moment_of_timestamp(ends_at))
