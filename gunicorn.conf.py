"""How gunicorn serves the site; gunicorn reads this file by itself when started beside it."""

import os

from crm_project.environment import stop_if_misconfigured

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_project.settings")
stop_if_misconfigured()

bind = f"{os.environ.get('BIND', '127.0.0.1')}:{os.environ.get('PORT') or '8000'}"
# Threads, not many processes: a webhook and a page wait for Stripe, and waiting costs no CPU.
worker_class = "gthread"
workers = int(os.environ.get("WEB_PROCESSES") or 1)
threads = 8
timeout = 60
graceful_timeout = 5
control_socket_disable = True
