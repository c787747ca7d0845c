"""The line from Stripe to the membership under stress, with figures: `make drill`.

Four parts: malformed deliveries, a slow Stripe, races of two deliveries, and a storm of deliveries
with crashes and killed workers. All that is random follows from the seed.
"""

import argparse
import os
import sys
import time

from benchmarks.database import fresh_database
from stripe_sandbox.process import running_sandbox

PARTS = ("junk", "stall", "race", "storm")


def main() -> None:
    options = read_options()
    # As in the tests: deliveries are signed with a secret of the drill's own.
    os.environ["STRIPE_WEBHOOK_SECRETS"] = "whsec_tests"
    with fresh_database(options.database):
        good = [part for part in options.parts if run(part, options)]
    print(f"\n{len(good)} of {len(options.parts)} parts are as they must be.")
    sys.exit(len(good) != len(options.parts))


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make drill", description=__doc__)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    parser.add_argument("--seed", type=int, default=2026)
    parser.add_argument("--deliveries", type=int, default=10_000, help="of the storm")
    parser.add_argument("--lives", type=int, default=60, help="subscriptions of the storm")
    parser.add_argument("--months", type=int, default=34, help="of each life")
    parser.add_argument("--races", type=int, default=1000)
    parser.add_argument("--junk", type=int, default=50_000, help="malformed deliveries")
    parser.add_argument("parts", nargs="*", default=PARTS, help=f"of {', '.join(PARTS)}; all")
    return parser.parse_args()


def run(part: str, options: argparse.Namespace) -> bool:
    """Run one part with a Stripe of its own, and return whether all was as it must be."""
    import logging

    import stripe
    from django.conf import settings

    # Models can be imported only once Django is set up.
    from drills import fuzz, race, stall, storm

    print(f"\n---- {part}, {options.database}, seed {options.seed}", flush=True)
    began = time.perf_counter()
    logging.disable(logging.CRITICAL)
    settings.STRIPE_EVENTS_AT_ONCE = False
    settings.ALLOWED_HOSTS = ["*"]
    with running_sandbox(seed=f"{options.seed}-{part}") as running:
        settings.STRIPE_API_HOST = stripe.api_base = running.url
        size = storm.Size(options.lives, options.months, options.deliveries)
        good = {
            "junk": lambda: fuzz.run(options.seed, options.junk),
            "stall": lambda: stall.run(running),
            "race": lambda: race.run(running, options.seed, options.races),
            "storm": lambda: storm.run(running, options.seed, size),
        }[part]()
    print(f"({time.perf_counter() - began:.0f} s, {'good' if good else 'NOT GOOD'})", flush=True)
    return good


if __name__ == "__main__":
    main()
