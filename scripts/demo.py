"""The demo's data: made once, and made afresh when the first time was interrupted."""

import subprocess
from pathlib import Path

from django.conf import settings

from scripts.processes import MANAGE, Processes, say


class Demo:
    """The demo command needs the sandbox running, and the site not yet."""

    def __init__(self) -> None:
        database = settings.DATABASES["default"]
        is_file = database["ENGINE"].endswith("sqlite3")
        self.file = Path(database["NAME"]) if is_file else None
        # Beside the database and named after it, so that it can never condemn another one.
        self.unfinished = Path(f"{self.file}.unfinished") if is_file else None
        self.is_wanted = True

    def prepare(self) -> None:
        """Look, before anything is made, whether the data is still to be made."""
        if not self.file:
            return  # on a server the command itself looks whether the database is empty
        if self.unfinished.exists():
            say("The demo data was not finished last time: starting afresh.")
            remove_files(self.file)
            remove_files(sandbox_state())
        self.is_wanted = not self.file.exists()
        if self.is_wanted:
            self.unfinished.touch()

    def fill(self, processes: Processes) -> None:
        if not self.is_wanted:
            return
        say("Making the demo data, this first time only.")
        processes.start("demo", [*MANAGE, "demo", "--if-empty"], output=None)
        processes.finish("demo")
        if self.unfinished:
            self.unfinished.unlink()

    def show_logins(self) -> None:
        subprocess.run([*MANAGE, "demo", "--show-logins"], check=False)


def sandbox_state() -> Path:
    return settings.VAR_DIR / "stripe_sandbox.sqlite3"


def remove_files(database: Path) -> None:
    """Remove an SQLite database with what lies beside it under its name."""
    for path in database.parent.glob(f"{database.name}*"):
        path.unlink()
