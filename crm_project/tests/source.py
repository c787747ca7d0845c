"""What the project's own source says, read without running it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
# From left to right: an app may import itself and what stands before it.
LAYERS = ("accounts", "listings", "billing", "crm", "crm_project")
# These serve the product from outside.
OUTSIDE = {"stripe_sandbox", "scripts", "e2e", "benchmarks", "drills"}
NOT_PRODUCT = {"tests", "migrations", "djstripe_migrations"}


def walk_product(root: Path = ROOT) -> Iterator[tuple[str, ast.AST]]:
    """Yield every node of every product module, with the place that a failure should name."""
    for layer in LAYERS:
        for path in sorted((root / layer).rglob("*.py")):
            name = path.relative_to(root)
            if NOT_PRODUCT.isdisjoint(name.parts):
                for node in ast.walk(ast.parse(path.read_text(), str(name))):
                    yield f"{name}:{getattr(node, 'lineno', 0)}", node


def imports_against_the_direction(root: Path = ROOT) -> list[str]:
    faults = []
    for place, node in walk_product(root):
        own = place.split("/")[0]
        forbidden = OUTSIDE | set(LAYERS[LAYERS.index(own) + 1 :])
        for module in imported_modules(node):
            if module.split(".")[0] in forbidden:
                faults.append(f"{place} imports {module}")
    return faults


def imported_modules(node: ast.AST) -> list[str]:
    """The absolute modules that a node imports; a relative import never leaves its app."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [node.module or ""]
    return []


def writes_of_status(root: Path = ROOT) -> list[str]:
    return [f"{place} sets a status" for place, node in walk_product(root) if sets_status(node)]


def sets_status(node: ast.AST) -> bool:
    """Whether it is `x.status = ...`, `setattr(x, "status", ...)` or `rows.update(status=...)`."""
    if isinstance(node, ast.Attribute):
        return node.attr == "status" and isinstance(node.ctx, ast.Store)
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name) and node.func.id == "setattr":
        return isinstance(node.args[1], ast.Constant) and node.args[1].value == "status"
    if isinstance(node.func, ast.Attribute) and node.func.attr == "update":
        return any(keyword.arg == "status" for keyword in node.keywords)
    return False


def unescaped_markup(root: Path = ROOT) -> list[str]:
    """`SafeString` may be named, as what format_html returns, but not called."""
    calls = {"mark_safe", "SafeString"}
    return [
        f"{place} takes text for markup"
        for place, node in walk_product(root)
        if (isinstance(node, ast.alias) and node.name == "mark_safe")
        or (isinstance(node, ast.Attribute) and node.attr == "mark_safe")
        or (isinstance(node, ast.Call) and getattr(node.func, "id", "") in calls)
    ]


def mail_run_as_templates(root: Path = ROOT) -> list[str]:
    """Uses of the mail queue's own ways in, which compile what they are given."""
    return [
        f"{place} uses {name}"
        for place, node in walk_product(root)
        for name in names_used(node)
        if name.startswith(("post_office.mail", "post_office.EmailBackend", "post_office.backends"))
        and not name.startswith("post_office.mail.send_queued")  # delivers what is in the queue
    ]


def names_used(node: ast.AST) -> list[str]:
    """The absolute dotted names that a node imports or spells out as text, as settings do."""
    if isinstance(node, ast.ImportFrom) and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value] if " " not in node.value else []
    return imported_modules(node)


def names_read_from_the_environment() -> set[str]:
    """The names that settings.py, and the readers that it calls, ask the environment for."""
    texts = [
        (ROOT / "crm_project" / file).read_text() for file in ("settings.py", "environment.py")
    ]
    return set(re.findall(r"\benv\.\w+\(\s*\"([A-Z_]+)\"", "".join(texts))) | {"DEMO"}
