"""A split with kwcoco that balances categories.

Usage: split_with_kwcoco.py FILE FOLDER
"""

from __future__ import annotations

import sys

from kwcoco.cli.coco_split import CocoSplitCLI


def main(ann_file: str, folder: str) -> None:
    """Split with its command line's own function; a factor of 5 gives a fifth to the second."""
    CocoSplitCLI.main(
        argv=False,
        src=ann_file,
        dst1=f"{folder}/train.json",
        dst2=f"{folder}/val.json",
        factor=5,
        rng=0,
        balance_categories=True,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
