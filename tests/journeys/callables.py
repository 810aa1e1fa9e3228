"""What the python action of `kinds.yaml` calls."""

from collections.abc import Callable
from typing import Any

from handlers.executors import NotDone

CALLS: list[tuple[str, str]] = []  # service and key, of each call


def rotate(service: str, idempotency_key: str, progress: Callable[[str], None]) -> dict[str, Any]:
    """Rotate a key; one service has none, and one breaks half-way."""
    CALLS.append((service, idempotency_key))
    progress(f"asking {service}")
    if service == "none":
        raise NotDone("it has no key")
    if service == "fragile":
        raise RuntimeError("half of it is done")
    return {"fingerprint": f"sha-of-{service}"}
