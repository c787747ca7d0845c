"""The Flask application and the threaded server around it."""

import copy
import threading
from functools import cache

from flask import Flask, Response, current_app, jsonify, render_template, request
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from stripe_sandbox import api, control_api, pages
from stripe_sandbox.api.gate import answer
from stripe_sandbox.errors import NotInSandbox, StripeError
from stripe_sandbox.sandbox import Sandbox


def served() -> Sandbox:
    return current_app.extensions["stripe_sandbox"]


def create_app(sandbox: Sandbox) -> Flask:
    """One app for each sandbox; they share the routes, whose compiling takes longest."""
    app = copy.copy(build_app())
    app.extensions = {"stripe_sandbox": sandbox}
    return app


@cache
def build_app() -> Flask:
    app = Flask("stripe_sandbox")
    for method, path, handler in api.ROUTES:
        add_route(app, method, path, handler, api_view(handler))
    for method, path, handler in control_api.ROUTES:
        add_route(app, method, path, handler, control_view(handler))
    app.register_blueprint(pages.blueprint)
    app.add_url_rule("/healthz", "healthz", lambda: Response("ok", mimetype="text/plain"))
    app.register_error_handler(404, lambda error: not_found())
    app.register_error_handler(405, lambda error: not_found())
    app.register_error_handler(500, fail)
    return app


def add_route(app: Flask, method: str, path: str, handler, view) -> None:
    app.add_url_rule(path, f"{handler.__module__}.{handler.__name__}", view, methods=[method])


def api_view(handler):
    return lambda **path: answer(served(), handler, request, path)


def control_view(handler):
    def view(**path):
        try:
            return jsonify(handler(served(), request.get_json(silent=True) or {}, **path))
        except StripeError as error:
            return jsonify(error.body()), error.status

    return view


def fail(error):
    """A fault of the sandbox itself, in the form the clients of both its APIs can read."""
    cause = error.original_exception or error
    message = f"The sandbox failed: {type(cause).__name__}: {cause}"
    return jsonify({"error": {"type": "api_error", "message": message}}), 500


def not_found():
    if request.path.startswith("/v1/"):
        return answer(served(), refuse, request, {})
    return render_template("closed.html", state="missing"), 404


def refuse(sandbox: Sandbox, params: dict) -> dict:
    raise NotInSandbox(request.method, request.path)


class QuietHandler(WSGIRequestHandler):
    def log_request(self, code="-", size="-") -> None:
        pass


class Server:
    """A sandbox and its HTTP server, running in threads of this process."""

    def __init__(self, sandbox: Sandbox, host: str, port: int):
        self.sandbox = sandbox
        self.http: BaseWSGIServer = make_server(
            host, port, create_app(sandbox), threaded=True, request_handler=QuietHandler
        )
        self.http.daemon_threads = True
        self.thread = threading.Thread(
            # The default looks every half second whether it is to end.
            target=self.http.serve_forever,
            args=(0.02,),
            name="http",
            daemon=True,
        )

    @property
    def url(self) -> str:
        return f"http://{self.http.host}:{self.http.port}"

    def start(self) -> None:
        self.sandbox.start()
        self.thread.start()

    def stop(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.sandbox.stop()
