"""`make clean-demo`: throw the demo's database, sandbox and uploads away. It asks nothing."""

import shutil
import sys

from django.conf import settings

from scripts.processes import say
from scripts.run import choose_settings, only_one_run


def main() -> None:
    choose_settings()
    if not settings.DEMO:
        sys.exit("These settings are not the demo's: nothing was removed.")
    with only_one_run(settings.VAR_DIR):
        for folder in (settings.VAR_DIR, settings.MEDIA_ROOT):
            shutil.rmtree(folder, ignore_errors=True)
    say("The demo's data is gone; `make run` makes it afresh.")


if __name__ == "__main__":
    main()
