"""Names of category entries that stand for no class."""

from __future__ import annotations

PLACEHOLDER = "N/A"
"""The name of an entry that fills a gap."""

BACKGROUND = "__background__"
"""The name of an entry that stands for the background."""
