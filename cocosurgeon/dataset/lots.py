"""Lots: a random order of images that their ids and a seed decide."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.keys import Id


def lots(ids: Sequence[Id | None], seed: int) -> Numbers:
    """Return the rank that is drawn for each id, shape (ids,).

    It depends on the seed and on the ids alone: not on their order, not on the machine. Only equal
    ones (records without an id) rank in the order in which they stand.
    """
    salt = hashlib.blake2b(str(seed).encode(), digest_size=16).digest()

    def lot(number: int) -> bytes:
        text = ascii(ids[number]).encode()
        return hashlib.blake2b(text, digest_size=16, salt=salt).digest()

    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[sorted(range(len(ids)), key=lot)] = np.arange(len(ids))
    return ranks
