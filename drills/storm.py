"""Deliveries in any order to workers that crash and are killed: the same rows in the end."""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone

from billing.models import IncomingEvent
from billing.revenue.rebuild import Progress, check
from drills import copies
from drills.chaos import Event, shuffled
from drills.figures import percentile
from drills.processes import Crew, Place, Poster, is_idle
from drills.stories import play
from drills.tables import Rows, differences, rows, states
from stripe_sandbox.process import Running

WORKERS = 2
CRASHES = 0.05
FAULTS = {"api_429": 0.007, "api_500": 0.007, "api_timeout": 0.006, "api_timeout_seconds": 0.8}
MOST_SECONDS = 3600


@dataclass(frozen=True)
class Size:
    lives: int = 60
    months: int = 34
    deliveries: int = 10_000
    kills: int = 20


def run(running: Running, seed: int, size: Size) -> bool:
    began = time.perf_counter()
    events = play(running, lives=size.lives, months=size.months, seed=seed)
    again = size.deliveries - len(events)
    print(
        f"{size.deliveries:,} deliveries: {len(events):,} events of {size.lives} subscriptions, "
        f"{again:,} of them sent again ({again / size.deliveries:.0%}); {connection.vendor}\n"
        f"  played in {time.perf_counter() - began:.0f} s",
        flush=True,
    )
    in_order, stormy = copies.copy_as("in_order"), copies.copy_as("stormy")
    expected = calm_run(in_order, running, events, seed)
    return storm_run(stormy, running, shuffled(events, size.deliveries, seed), expected, seed, size)


def calm_run(database: str, running: Running, events: list[Event], seed: int) -> Rows:
    copies.use(database)
    began = time.perf_counter()
    place = Place(database, running.url)
    poster = Poster(place, events)
    wait_until(poster.is_done)
    assert set(poster.told()[0]) == {200}
    # dj-stripe's own tables are not compared; without them the run takes a third of the time.
    with Crew(place, WORKERS, seed, stores_copy=False).at_work():
        wait_until(is_idle)
    seconds = time.perf_counter() - began
    print(
        f"  in order: {len(events) / seconds:.0f} a second ({seconds:.0f} s), {states()}",
        flush=True,
    )
    return rows()


def storm_run(
    database: str, running: Running, events: list[Event], expected: Rows, seed: int, size: Size
) -> bool:
    copies.use(database)
    running.control.switch(**FAULTS)
    began, draw = time.perf_counter(), random.Random(seed)
    place = Place(database, running.url)
    with Crew(place, WORKERS, seed, CRASHES).at_work() as crew:
        poster = Poster(place, events)
        kill_meanwhile(crew, poster, draw, size)
        wait_until(lambda: crew.listen() or is_idle())
        crew.listen()
    seconds = time.perf_counter() - began
    suffered = running.control.suffered()
    running.control.no_faults()
    answers, latencies = poster.told()
    wrong = differences(expected, rows())
    print(
        f"  in the storm: {len(events) / seconds:.0f} deliveries a second ({seconds:.0f} s), "
        f"answers {dict(answers)}, p99 {percentile(latencies):.0f} ms\n"
        f"  retries {crew.failed}, workers killed {crew.kills}, Stripe's faults {suffered}\n"
        f"  events {states()}, tables compared {len(expected)} rows, differences {len(wrong)}"
    )
    wrong += rebuild_differences()
    for line in wrong[:20]:
        print(f"    {line}")
    done = states() == {"done": IncomingEvent.objects.count()}
    return not wrong and done and set(answers) == {200} and crew.kills == size.kills


def rebuild_differences() -> list[str]:
    """The recurring revenue made afresh has to be what stands."""
    progress = Progress()
    check(progress, now=timezone.now())
    print(f"  a rebuild of the revenue would change {progress.found} rows")
    return progress.listed


def kill_meanwhile(crew: Crew, poster: Poster, draw: random.Random, size: Size) -> None:
    """Kill workers all along, until their number is reached."""
    ends_at = time.monotonic() + MOST_SECONDS
    while not (poster.is_done() and (is_idle() or crew.kills == size.kills)):
        if time.monotonic() > ends_at:
            raise AssertionError("The storm never ended.")
        time.sleep(draw.uniform(0.2, 2 * size.deliveries / 1000))
        crew.listen()
        if crew.kills < size.kills:
            crew.kill_one(draw)


def wait_until(is_so: Callable[[], bool]) -> None:
    ends_at = time.monotonic() + MOST_SECONDS
    while not is_so():
        if time.monotonic() > ends_at:
            raise AssertionError("It never came to an end.")
        time.sleep(0.2)
