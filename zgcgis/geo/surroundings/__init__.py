"""What lies around an outline: what its sides face, and what is reached from it by road."""

from __future__ import annotations

from .facing import facing
from .network import Network, discs, make_network

__all__ = ["Network", "discs", "facing", "make_network"]
