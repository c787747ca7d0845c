"""The errors Stripe answers with, as exceptions."""


class StripeError(Exception):
    """An answer of the API that is not 2xx."""

    status = 400
    type = "invalid_request_error"

    def __init__(self, message: str, *, code: str | None = None, param: str | None = None, **more):
        super().__init__(message)
        self.message = message
        self.fields = {"code": code, "param": param, **more}

    def body(self) -> dict:
        known = {name: value for name, value in self.fields.items() if value is not None}
        return {"error": {"type": self.type, "message": self.message, **known}}


class Unauthorized(StripeError):
    status = 401


class Missing(StripeError):
    status = 404

    def __init__(self, kind: str, object_id: str, param: str = "id"):
        name = kind.rpartition(".")[2]
        message = f"No such {name}: '{object_id}'"
        super().__init__(message, code="resource_missing", param=param)


class NotInSandbox(StripeError):
    status = 404

    def __init__(self, method: str, path: str):
        super().__init__(f"The Stripe sandbox does not have {method} {path}. See docs/sandbox.md.")


class ParameterMissing(StripeError):
    def __init__(self, param: str):
        super().__init__(f"Missing required param: {param}.", code="parameter_missing", param=param)


class ParameterInvalid(StripeError):
    def __init__(self, param: str, message: str, code: str = "parameter_invalid"):
        super().__init__(message, code=code, param=param)


class CardDeclined(StripeError):
    status = 402
    type = "card_error"

    def __init__(self, message: str, decline_code: str, code: str = "card_declined", **more):
        super().__init__(message, code=code, decline_code=decline_code, **more)


class ConfirmationNeeded(StripeError):
    """The bank wants the customer to authenticate the payment first."""

    status = 402
    type = "card_error"

    def __init__(self, of: str, intent: str):
        message = (
            "This payment requires additional user action before it can be completed "
            f"successfully. Payment can be completed using the PaymentIntent {intent}."
        )
        super().__init__(message, code=f"{of}_payment_intent_requires_action")


class IdempotencyMismatch(StripeError):
    type = "idempotency_error"


class Injected(StripeError):
    """A fault switched on through the control API."""

    def __init__(self, status: int):
        super().__init__(f"The sandbox was told to answer {status}.")
        self.status = status
        if status == 429:
            self.fields["code"] = "rate_limit"
        else:
            self.type = "api_error"
