"""A database that does not answer as it should, in one sentence for whoever typed the command."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from django.core.management.base import CommandError
from django.db import Error, connection

from crm import reasons

NO_ANSWER = 2  # not 1, by which a command says what it found


@contextmanager
def faults_in_words(afterwards: Callable[[], str] = str) -> Iterator[None]:
    """Turn a database error into a CommandError; `afterwards` says what has become of the work."""
    try:
        yield
    except Error as error:
        said = " ".join(filter(None, (_why(error), afterwards())))
        raise CommandError(said, returncode=NO_ANSWER) from error


def _why(error: Error) -> str:
    reason, _, said = reasons.explain(error).partition("\n")
    if reason == reasons.MISSING:
        return f"{reason} Run `manage.py migrate` first. ({said})"
    if reason == reasons.UNKNOWN and not _is_reachable():
        reason = reasons.UNREACHABLE
    return f"{reason} ({said})"


def _is_reachable() -> bool:
    try:
        with closing(connection.copy()) as another:
            another.ensure_connection()
    except Error:
        return False
    return True
