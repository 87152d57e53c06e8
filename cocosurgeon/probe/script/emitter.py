"""What each framework's part has to give."""

from __future__ import annotations

from typing import Any


class Emitter:
    """A dataset that is built, whose samples are taken one by one."""

    def header(self) -> dict[str, Any]:
        """What the dump's header says of it, by keyword of ``header_of``."""
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def img_id(self, place: int) -> Any:
        """Id of the image at a place."""
        raise NotImplementedError

    def sample(self, place: int) -> dict[str, Any]:
        """The image at a place, as it is emitted: a line's object."""
        raise NotImplementedError

    def steps(self, kind: str, place: int) -> list[Any]:
        """The list of transforms that ``packed`` will run, to be changed in place."""
        raise NotImplementedError

    def packed(self, kind: str, place: int) -> Any:
        """What the pipeline makes of it: the config's ``own``, or a ``plain`` one."""
        raise NotImplementedError


def is_usable(mask: Any) -> bool:
    """Whether a segmentation is one that masks can be made of."""
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


def behind(prefix: str, path: str) -> str:
    """A path without the image root before it."""
    start = prefix if not prefix or prefix.endswith("/") else prefix + "/"
    return path[len(start) :] if path.startswith(start) else path
