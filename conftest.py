"""What every test of the project shares; each app's own fixtures stand in its tests/."""

import gc
import ipaddress
import os
import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from django.test import TransactionTestCase, override_settings

BASE_DIR = Path(__file__).resolve().parent
SANDBOX_FIXTURES = "billing.tests.sandbox"

pytest_plugins = [SANDBOX_FIXTURES] if find_spec(SANDBOX_FIXTURES) else []


# --- A run as short as it can be ------------------------------------------------------------------

# What gives a test the database; pytest-django bars all others from it.
GIVES_DATABASE = {"db", "transactional_db", "django_db_setup", "live_server"}
LEFT_OUT = pytest.StashKey[int]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--with-database-only",
        action="store_true",
        help="leave out the tests that use no database: a run on another one has them all",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if config.getoption("with_database_only"):
        without = [item for item in items if not uses_database(item)]
        items[:] = [item for item in items if uses_database(item)]
        config.stash[LEFT_OUT] = len(without)
        config.hook.pytest_deselected(items=without)


def uses_database(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db") is not None
    return marked or not GIVES_DATABASE.isdisjoint(getattr(item, "fixturenames", ()))


def pytest_report_collectionfinish(config: pytest.Config) -> str:
    number = config.stash.get(LEFT_OUT, 0)
    return f"{number} tests that use no database are left to another run." if number else ""


def pytest_collection_finish() -> None:
    """What is loaded by now stays to the end: to look through it again and again took a fifth."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)


# --- Files that projects share, not kept here -----------------------------------------------------


@pytest.fixture(scope="session")
def stripe_fixtures_file() -> Path:
    """Stripe's official example objects, one of each kind."""
    return shared_file("stripe/fixtures3.json")


@pytest.fixture(scope="session")
def revenue_cases_file() -> Path:
    """Worked cases of the revenue definitions."""
    return shared_file("cases/revenue_cases.json")


def shared_file(name: str) -> Path:
    folder = Path(os.environ.get("GATEHOUSE_SHARED") or BASE_DIR.parent / "shared")
    if not (folder / name).is_file():
        pytest.fail(
            f"{folder / name} is missing. Set GATEHOUSE_SHARED to the folder that holds {name}.",
            pytrace=False,
        )
    return folder / name


# --- Mail goes through the real queue -------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def mail_queue(django_test_environment) -> Iterator[None]:
    """Django's test runner swaps the backend for one that keeps mail in memory."""
    from crm_project import settings as real

    with override_settings(EMAIL_BACKEND=real.EMAIL_BACKEND):
        yield


# --- Tests that commit leave nothing behind -------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def quick_to_empty() -> Iterator[None]:
    from crm_project.tests.emptying import empty

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lambda self: empty())
        yield


# --- No test leaves this machine ------------------------------------------------------------------


@pytest.fixture(scope="session", autouse=True)
def only_this_machine() -> Iterator[None]:
    """Refuse every connection but those to the loopback: the sandbox, live servers, browsers."""
    with pytest.MonkeyPatch.context() as patch:
        for name in ("connect", "connect_ex"):
            patch.setattr(socket.socket, name, guarded(getattr(socket.socket, name)))
        patch.setattr(socket, "getaddrinfo", guarded_lookup(socket.getaddrinfo))
        yield


def guarded(connect):
    def guarded_connect(self, address, *args):
        if self.family in (socket.AF_INET, socket.AF_INET6):
            refuse_elsewhere(address[0])
        return connect(self, address, *args)

    return guarded_connect


def guarded_lookup(getaddrinfo):
    def guarded_getaddrinfo(host, *args, **kwargs):
        refuse_elsewhere(host)
        return getaddrinfo(host, *args, **kwargs)

    return guarded_getaddrinfo


def refuse_elsewhere(host: str | bytes | None) -> None:
    name = host.decode() if isinstance(host, bytes) else host
    if name and name != "localhost" and not is_loopback(name):
        pytest.fail(f"A test tried to reach {name}; tests may speak to this machine only.")


def is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
