"""A small world with every kind of movement, made by the production code from Stripe's events."""

from datetime import date

from billing.revenue.replay.cases import read_case
from billing.revenue.replay.play import live_through
from billing.tests.factories import make_price_list

TODAY = date(2026, 6, 20)
PRICES = {
    "bronze_y": {"unit": 45_000, "interval": "year"},
    "silver_m": {"unit": 6_500, "interval": "month"},
    "silver_y": {"unit": 65_000, "interval": "year"},
    "gold_m": {"unit": 8_500, "interval": "month"},
    "silver_m_eur": {"unit": 7_000, "interval": "month", "currency": "eur"},
}


def start(at: str, price: str) -> dict[str, object]:
    return {"type": "start", "at": at, "price": price}


def left(at: str, reason: str = "voluntary") -> dict[str, object]:
    return {"type": "ended", "at": at, "reason": reason}


# Each line is one owner, each list in it one subscription.
LIVES = {
    "stays": [[start("2025-01-15", "silver_y")]],
    "goes_up_and_down": [
        [
            start("2026-01-15", "silver_m"),
            {"type": "change", "at": "2026-03-15", "price": "gold_m"},
            {"type": "change", "at": "2026-06-15", "price": "silver_m"},
        ]
    ],
    "has_two": [[start("2026-02-01", "silver_m")], [start("2026-06-03", "gold_m")]],
    "returns": [
        [start("2026-01-10", "silver_m"), left("2026-03-10")],
        [start("2026-06-05", "silver_m")],
    ],
    "pauses": [[start("2026-01-05", "silver_m"), {"type": "paused", "at": "2026-06-05"}]],
    "resumes": [
        [
            start("2026-01-06", "silver_m"),
            {"type": "paused", "at": "2026-04-06"},
            {"type": "resumed", "at": "2026-06-06"},
        ]
    ],
    "fails": [
        [
            start("2026-02-10", "silver_m"),
            {"type": "payment_failed", "at": "2026-06-10", "amount": 6_500},
        ]
    ],
    "recovers": [
        [
            start("2026-02-11", "silver_m"),
            {"type": "payment_failed", "at": "2026-06-11", "amount": 6_500},
            {"type": "payment_recovered", "at": "2026-06-14", "amount": 6_500},
        ]
    ],
    "is_leaving": [
        [
            start("2026-02-12", "silver_m"),
            {"type": "cancel_requested", "at": "2026-06-01", "effective": "2026-07-12"},
        ]
    ],
    "leaves": [[start("2025-06-10", "bronze_y"), left("2026-06-10")]],
    "cannot_pay": [[start("2026-03-01", "silver_m"), left("2026-06-08", "payment_failed")]],
    "renews": [[start("2025-06-12", "bronze_y")]],
    "is_new": [[start("2026-06-02", "gold_m")]],
    "gets_money_back": [
        [start("2026-05-20", "gold_m"), {"type": "refund", "at": "2026-06-04", "amount": 1_000}]
    ],
    "pays_in_euros": [[start("2026-05-21", "silver_m_eur")]],
    "becomes_free": [
        [
            start("2026-03-20", "silver_m"),
            {
                "type": "discount_set",
                "at": "2026-06-09",
                "discount": {"percent": 100, "duration": "forever"},
            },
        ]
    ],
}

WORLDS = {
    "every kind of movement": LIVES,
    "one member": {"is_new": LIVES["is_new"]},
    "nobody": {},
}


def live(lives: dict[str, list[list[dict[str, object]]]] = LIVES, name: str = "W01") -> None:
    make_price_list()
    customers = [
        {
            "id": owner,
            "subscriptions": [
                {"id": f"{owner}-s{number}", "events": events}
                for number, events in enumerate(subscriptions, 1)
            ],
        }
        for owner, subscriptions in lives.items()
    ]
    asked_about = {"at_risk_arr_pence_at": {TODAY.isoformat(): 0}}
    live_through(read_case({"id": name, "customers": customers, "expected": asked_about}, PRICES))
