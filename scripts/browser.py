"""The machine's own Chromium, as the browser tests use it."""

import os
import shutil

NAMES = ("chromium", "chromium-browser", "google-chrome")
# Containers give a browser neither a sandbox of its own nor much shared memory.
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
]


def find_browser() -> str | None:
    """Return the path of the browser, CHROMIUM's before any other."""
    chosen = os.environ.get("CHROMIUM")
    return chosen or next((path for name in NAMES if (path := shutil.which(name))), None)
