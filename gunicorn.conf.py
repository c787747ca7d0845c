"""How gunicorn serves the site; gunicorn reads this file by itself when started beside it."""

import os

from django.conf import settings

from crm_project.environment import stop_if_misconfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
stop_if_misconfigured()

bind = f"127.0.0.1:{settings.PORT}"
# Threads, not many processes: a webhook or a page that waits for Stripe costs no CPU.
worker_class = "gthread"
workers = settings.WEB_PROCESSES
threads = 8
timeout = 60
graceful_timeout = 5
control_socket_disable = True  # one fixed socket per user would let two sites meet
