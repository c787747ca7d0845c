"""The sync health page's row about Stripe: when it is green, amber and red."""

import datetime

import pytest
from django.urls import reverse

from accounts.tests.factories import UserFactory
from billing.tests.factories import ReconcileRunFactory
from crm.proof.stripe import standing

pytestmark = pytest.mark.django_db

NOW = datetime.datetime(2026, 6, 1, 12, tzinfo=datetime.UTC)


def run(hours=3, **fields):
    return ReconcileRunFactory(started_at=NOW - datetime.timedelta(hours=hours), **fields)


CASES = {
    "never": ([], "amber", "not compared yet"),
    "equal": ([{}], "green", "Stripe: all 3 subscriptions equal, checked 3 hours ago."),
    "mended": (
        [{"found": 2}],
        "green",
        "Stripe: all 3 subscriptions equal, 2 repaired, checked 3 hours ago.",
    ),
    "old": ([{"hours": 37}], "amber", "all 3 subscriptions equal, checked 1 day ago."),
    "differs": (
        [{"found": 2, "differences": 1}],
        "red",
        "Stripe: 1 of 3 subscriptions differs, 1 repaired, checked 3 hours ago.",
    ),
    "broke off": ([{"error": "Silence."}], "amber", "the comparison broke off, checked"),
    "was killed": ([{"finished_at": None}], "amber", "the comparison broke off, checked"),
    "at work": ([{}, {"hours": 1, "finished_at": None}], "green", "all 3 subscriptions equal"),
    "only a part": ([{"since": NOW}], "amber", "not compared yet"),
    "nobody": ([{"counts": {}}], "green", "no subscription there, and none here"),
}


@pytest.mark.parametrize(("runs", "colour", "said"), CASES.values(), ids=CASES.keys())
def test_the_newest_whole_comparison_decides(runs, colour, said):
    for fields in runs:
        run(**fields)

    found = standing(now=NOW)

    assert found.colour == colour
    assert said in found.sentence


def test_the_page_shows_it_with_the_way_to_what_differed(client):
    client.force_login(UserFactory(staff=True))
    differing = ReconcileRunFactory(
        found=1,
        differences=1,
        listed=[{"subscription": "sub_1", "name": "Gold", "sentences": ["No."], "left": True}],
    )

    page = client.get(reverse("admin:crm_synccheck_health")).content.decode()

    assert "Stripe: 1 of 3 subscriptions differs" in page
    url = reverse("admin:billing_reconcilerun_change", args=[differing.pk])
    assert f'href="{url}"' in page
    assert "sub_1" in client.get(url).content.decode()
