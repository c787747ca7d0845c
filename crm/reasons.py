"""Why a record could not be written: a sentence for people, and the database’s own first line."""

MISSING = "A table or a column is missing: the migrations have not all been run."
CLASH = "Another record already has a value that only one may have."
REFUSED = "A rule of the CRM’s tables forbids what the source says."
TOO_LONG = "A value of the source does not fit into its column of the CRM."
CROSSED = "Two writers were in each other’s way, and the database let the other one go first."
HELD = "Somebody else held the record, or its table, for too long."
STOPPED = "The database stopped the work: it took too long."
FULL = "There is no room left on the database’s disk."
READ_ONLY = "The database takes no changes."
UNREACHABLE = "The database could not be reached."
DAMAGED = "The database’s file is damaged or cannot be read."
UNREADABLE = "A row holds what its column cannot, such as a day that does not exist."
UNKNOWN = "The record could not be written."

# By the start of PostgreSQL's code (SQLSTATE) or SQLite's; the longest that fits counts.
BY_CODE = {
    "42P01": MISSING,
    "42703": MISSING,
    "23": REFUSED,
    "23505": CLASH,
    "22": TOO_LONG,
    "40": CROSSED,
    "55P03": HELD,
    "57014": STOPPED,
    "53": FULL,
    "25006": READ_ONLY,
    "08": UNREACHABLE,
    "57P0": UNREACHABLE,
    "SQLITE_CONSTRAINT": REFUSED,
    "SQLITE_CONSTRAINT_UNIQUE": CLASH,
    "SQLITE_CONSTRAINT_PRIMARYKEY": CLASH,
    "SQLITE_BUSY": HELD,
    "SQLITE_LOCKED": HELD,
    "SQLITE_FULL": FULL,
    "SQLITE_READONLY": READ_ONLY,
    "SQLITE_IOERR": DAMAGED,
    "SQLITE_CORRUPT": DAMAGED,
    "SQLITE_NOTADB": DAMAGED,
}
BY_TEXT = {"no such": MISSING, "has no column": MISSING}  # where SQLite's code says only "error"
LONGEST_LINE = 1000


def explain(error: Exception) -> str:
    """Return the reason on one line, and on the next what the database or the program said."""
    said = str(error).strip().splitlines() or ["no reason given"]
    # PostgreSQL stores neither of these, and the failure must be stored.
    line = said[0].replace("\x00", "").encode(errors="replace").decode()
    return f"{_reason(error)}\n{type(error).__name__}: {line[:LONGEST_LINE]}"


def halves(explanation: str) -> tuple[str, str]:
    """Return the reason, and what the database said; an older failure may have said only that."""
    reason, _, said = explanation.partition("\n")
    return (reason, said) if said else (UNKNOWN, reason)


def _reason(error: Exception) -> str:
    cause = error.__cause__ or error
    code = getattr(cause, "sqlstate", None) or getattr(cause, "sqlite_errorname", None) or ""
    fitting = [start for start in BY_CODE if code.startswith(start)]
    if fitting:
        return BY_CODE[max(fitting, key=len)]
    return next((why for words, why in BY_TEXT.items() if words in str(error)), UNKNOWN)
