from django.contrib.sessions.backends import db


class SessionStore(db.SessionStore):
    """Keys that we never gave out are no keys: PostgreSQL fails on some, such as a null byte."""

    def _validate_session_key(self, key: str) -> bool:
        return bool(super()._validate_session_key(key)) and key.isascii() and key.isalnum()
