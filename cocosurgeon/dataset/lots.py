"""A random order of images that depends on their ids and a seed alone."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from cocosurgeon.annfile.columns import Numbers
from cocosurgeon.dataset.keys import Id


def lots(ids: Sequence[Id | None], seed: int) -> Numbers:
    """Return a random rank for each id, shape (ids,).

    The ranks depend on the seed and on the ids alone, not on their order or the machine. Only equal
    ids (records without one) rank in the order of the file.
    """
    salt = hashlib.blake2b(str(seed).encode(), digest_size=16).digest()

    def lot(number: int) -> bytes:
        text = ascii(ids[number]).encode()
        return hashlib.blake2b(text, digest_size=16, salt=salt).digest()

    ranks = np.empty(len(ids), dtype=np.int64)
    ranks[sorted(range(len(ids)), key=lot)] = np.arange(len(ids))
    return ranks
