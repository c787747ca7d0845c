"""Figures that several drills print."""


def percentile(seconds: list[float], share: float = 0.99) -> float:
    """Return milliseconds that so large a share does not exceed."""
    return sorted(seconds)[int(len(seconds) * share)] * 1000
