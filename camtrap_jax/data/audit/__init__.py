"""What a data set looks like before anything is trained on it: `audit.json`."""

from __future__ import annotations

from camtrap_jax.data.audit.findings import audit
from camtrap_jax.data.audit.honesty import shared_with_train

__all__ = ["audit", "shared_with_train"]
