"""One compared entry of a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Entry:
    """One compared entry of a checkpoint.

    Attributes:
        path: of the entry in the checkpoint; empty for a checkpoint that is one array.
        error: the difference, in the unit of its tolerance; None where it is no number.
        tolerance: the largest difference that agrees.
        code: of the difference; None if the entry agrees.
        message: what differs, or what else to know.
    """

    path: str
    error: float | None
    tolerance: float
    code: str | None = None
    message: str = ""

    def fields(self) -> dict[str, object]:
        """Return the entry as JSON values."""
        error = self.error
        if error is not None and error == float("inf"):
            error = None
        return {
            "entry": self.path,
            "error": error,
            "tolerance": self.tolerance,
            "code": self.code,
            "message": self.message,
        }
