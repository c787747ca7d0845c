#!/usr/bin/env python
import os
import sys

from crm_project.environment import stop_if_misconfigured


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
    stop_if_misconfigured()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
