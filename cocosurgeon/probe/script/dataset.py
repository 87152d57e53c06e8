"""Interface of each framework's part."""

from __future__ import annotations

from typing import Any


class RealDataset:
    """A built dataset, whose samples are loaded one by one."""

    def header(self) -> dict[str, Any]:
        """Return the dump's header, by keyword of ``header_of``."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def img_id(self, index: int) -> Any:
        """Return the id of the image at an index."""
        raise NotImplementedError

    def sample(self, index: int) -> dict[str, Any]:
        """Return the loaded image at an index, as the object of a dump's line."""
        raise NotImplementedError

    def steps(self, kind: str, index: int) -> list[Any]:
        """Return the list of transforms that ``packed`` will run; it may be changed in place."""
        raise NotImplementedError

    def image_size(self, index: int) -> list[int] | None:
        """Return height and width (pixels) of an opened image file; None if it cannot be opened."""
        return None

    def packed(self, kind: str, index: int) -> Any:
        """Return the output of the config's ``own`` pipeline, or of a ``plain`` one."""
        raise NotImplementedError


def is_usable(mask: Any) -> bool:
    """Return True if a segmentation can be drawn as a mask."""
    if isinstance(mask, list):
        return bool(mask) and all(
            isinstance(polygon, list)
            and len(polygon) >= 6
            and len(polygon) % 2 == 0
            and all(type(number) in (int, float) for number in polygon)
            for polygon in mask
        )
    return (
        isinstance(mask, dict)
        and isinstance(mask.get("counts"), (list, str))
        and isinstance(mask.get("size"), list)
    )


def instance(box: Any, label: Any, ignore: bool, mask: Any) -> dict[str, Any]:
    """Return an object in the form of a dump's line."""
    found = {"box": box, "label": label, "ignore": ignore}
    return found if mask is None else dict(found, mask=mask)
