"""Everything the sandbox remembers: in memory for reading, written through to SQLite."""

import json
import sqlite3
import threading
from collections.abc import Iterator

TABLES = """
CREATE TABLE IF NOT EXISTS objects (
    position INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS idempotency_keys (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS deliveries (id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS settings (id TEXT PRIMARY KEY, body TEXT NOT NULL);
"""
UPSERT = (
    "INSERT INTO {} (id, body) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET body = excluded.body"
)
SIDE_TABLES = ("idempotency_keys", "deliveries", "settings")


class Store:
    def __init__(self, path: str):
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(path, check_same_thread=False)
        # It is a double: losing the last moment in a power cut matters less than speed.
        self.connection.execute("PRAGMA synchronous = OFF")
        self.connection.executescript(TABLES)
        self.load()

    def load(self) -> None:
        self.objects: dict[str, dict] = {}
        self.by_kind: dict[str, dict[str, dict]] = {}
        self.dirty: dict[str, dict] = {}
        for (body,) in self.connection.execute("SELECT body FROM objects ORDER BY position"):
            self.remember(json.loads(body))
        self.side = {table: self.load_side(table) for table in SIDE_TABLES}

    def load_side(self, table: str) -> dict[str, object]:
        rows = self.connection.execute(f"SELECT id, body FROM {table} ORDER BY rowid")  # noqa: S608
        return {row_id: json.loads(body) for row_id, body in rows}

    def remember(self, obj: dict) -> None:
        self.objects[obj["id"]] = obj
        self.by_kind.setdefault(obj["object"], {})[obj["id"]] = obj

    def put(self, obj: dict) -> dict:
        with self.lock:
            self.remember(obj)
            self.dirty[obj["id"]] = obj
        return obj

    def remove(self, obj: dict) -> None:
        with self.lock:
            self.objects.pop(obj["id"])
            self.by_kind[obj["object"]].pop(obj["id"])
            self.dirty.pop(obj["id"], None)
            self.connection.execute("DELETE FROM objects WHERE id = ?", (obj["id"],))

    def all(self, kind: str) -> Iterator[dict]:
        """Oldest first."""
        return iter(list(self.by_kind.get(kind, {}).values()))

    def set(self, table: str, row_id: str, body: object) -> None:
        with self.lock:
            self.side[table][row_id] = body
            self.connection.execute(UPSERT.format(table), (row_id, json.dumps(body)))

    def flush(self) -> None:
        with self.lock:
            rows = [(row_id, json.dumps(obj)) for row_id, obj in self.dirty.items()]
            self.connection.executemany(UPSERT.format("objects"), rows)
            self.connection.commit()
            self.dirty.clear()

    def commit(self) -> None:
        with self.lock:
            self.connection.commit()

    def clear(self) -> None:
        with self.lock:
            for table in ("objects", *SIDE_TABLES):
                self.connection.execute(f"DELETE FROM {table}")  # noqa: S608
            self.connection.commit()
            self.load()

    def close(self) -> None:
        with self.lock:
            self.flush()
            self.connection.close()
