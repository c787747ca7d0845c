"""How long the mirror waits for a lock that somebody else holds: never so long as a main write.

Somebody who looks at a record in a console, in a transaction left open, must not bring sign-ups
to a halt. What was not to be had in time is a failed sync, and tried again a minute later.

On SQLite there is but one lock, and the main write holds it already.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection

LONGEST_WAIT = "1s"
LIMIT = f"set_config('lock_timeout', '{LONGEST_WAIT}', true)"
# For one message with several statements: the limit that the transaction had, kept and put back.
KEEP_AND_LIMIT = (
    f"set_config('gatehouse.lock_timeout', current_setting('lock_timeout'), true), {LIMIT}"
)
PUT_BACK = "SELECT set_config('lock_timeout', current_setting('gatehouse.lock_timeout'), true)"


@contextmanager
def short_patience() -> Iterator[None]:
    """Limit each wait of the statements inside. Call it in a transaction, or in a savepoint.

    An error puts the limit back by itself, with the savepoint.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT current_setting('lock_timeout'), {LIMIT}")
        before, _ = cursor.fetchone()
        yield
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])
