"""The hosted invoice page, which is also what stands in for the PDF."""

from flask import current_app, render_template
from flask.typing import ResponseReturnValue
from werkzeug.local import LocalProxy

sandbox = LocalProxy(lambda: current_app.extensions["stripe_sandbox"])


def show(invoice: str) -> ResponseReturnValue:
    with sandbox.lock:
        obj = sandbox.find(invoice)
        if obj is None or obj["object"] != "invoice":
            return render_template("closed.html", state="missing"), 404
        return render_template("invoice.html", invoice=obj)


ROUTES = [("GET", "/i/<invoice>", show)]
