"""Disputes: looked at, answered, accepted."""

from stripe_sandbox.api.lists import list_objects
from stripe_sandbox.api.params import allow, merge_metadata, read_bool, read_hash
from stripe_sandbox.billing import disputes
from stripe_sandbox.sandbox import Sandbox
from stripe_sandbox.shapes import present
from stripe_sandbox.shapes.credits import EVIDENCE

# Stripe's test mode decides by these words in evidence[uncategorized_text].
DECISIONS = {"winning_evidence": True, "losing_evidence": False}


def retrieve(sandbox: Sandbox, params: dict, dispute: str) -> dict:
    return present(sandbox.get("dispute", dispute))


def list_all(sandbox: Sandbox, params: dict) -> dict:
    wanted = {name: params.get(name) for name in ("charge", "payment_intent")}
    return list_objects(sandbox, "dispute", params, "/v1/disputes", **wanted)


def update(sandbox: Sandbox, params: dict, dispute: str) -> dict:
    allow(params, "evidence", "submit")
    obj = sandbox.get("dispute", dispute)
    before = present(obj)
    evidence = read_hash(params, "evidence")
    allow(evidence, *EVIDENCE, place="evidence")
    obj["evidence"] |= evidence
    obj["evidence_details"]["has_evidence"] = any(obj["evidence"].values())
    obj["metadata"] = merge_metadata(obj["metadata"], params)
    if evidence and read_bool(params, "submit", True):
        obj["status"] = "under_review"
        obj["evidence_details"]["submission_count"] += 1
    sandbox.record("charge.dispute.updated", sandbox.save(obj), before)
    decision = DECISIONS.get(evidence.get("uncategorized_text"))
    if decision is not None:
        disputes.close(sandbox, obj, won=decision)
    return present(obj)


def close(sandbox: Sandbox, params: dict, dispute: str) -> dict:
    allow(params)
    return present(disputes.close(sandbox, sandbox.get("dispute", dispute), won=False))


ROUTES = [
    ("GET", "/v1/disputes", list_all),
    ("GET", "/v1/disputes/<dispute>", retrieve),
    ("POST", "/v1/disputes/<dispute>", update),
    ("POST", "/v1/disputes/<dispute>/close", close),
]
