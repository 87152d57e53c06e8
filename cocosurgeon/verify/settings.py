"""How loaders are set up: in train and in test mode, with the classes of a file, by a config."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from typing import Any, Literal, get_type_hints

from cocosurgeon.errors import FormatError, RequestError
from cocosurgeon.loaders import LOADERS, detectron2, mmdet2, mmdet3
from cocosurgeon.probe.dump import DumpHeader
from cocosurgeon.text import did_you_mean

Mode = Literal["train", "test"]

_FILTER = tuple(f.name for f in fields(mmdet3.FilterCfg))
_ELSEWHERE = ("classes", "metainfo", "test_mode", "filter_cfg")
"""Options that classes, mode and the keys of ``filter_cfg`` make."""


@dataclass(frozen=True)
class Setting:
    """A loader as it is set up.

    Attributes:
        loader: its name.
        mode: what for.
        options: an ``Options`` of its own.
        own: options that somebody chose, under the framework's names.
        has_own_classes: whether somebody chose the class names, so that they could not fit.
    """

    loader: str
    mode: Mode
    options: object
    own: Mapping[str, object]
    has_own_classes: bool = False

    @property
    def text_for_classes(self) -> str | None:
        """The text that stands where class names should; None for names."""
        told = self.options.metainfo if isinstance(self.options, mmdet3.Options) else None
        classes = (told or {}).get("classes")
        return classes if isinstance(classes, str) else None

    @property
    def classes(self) -> tuple[str, ...] | None:
        """The class names that the loader is told; None: it is not told any."""
        if isinstance(self.options, mmdet3.Options):
            return tuple((self.options.metainfo or {}).get("classes", ())) or None
        if isinstance(self.options, mmdet2.Options):
            return tuple(self.options.classes or ()) or None
        return None


def settings_for(
    loader: str,
    modes: Sequence[Mode],
    classes: Sequence[str],
    own: Mapping[str, object] | None = None,
    *,
    has_own_classes: bool = False,
) -> list[Setting]:
    """A loader in each mode in which it emits something else.

    Args:
        classes: class names, for loaders that are told.
        own: further options, as ``own_options`` made them.
    """
    own = own or {}
    return [
        Setting(loader, mode, _with_own(options_for(loader, mode, classes), own), own, chosen)
        for mode in modes_of(loader, modes)
        for chosen in [has_own_classes and loader in ("mmdet3", "mmdet2")]
    ]


def modes_of(loader: str, wanted: Sequence[Mode]) -> list[Mode]:
    """The modes in which a loader emits something else; one for a loader that has none."""
    return list(wanted) if loader in ("mmdet3", "mmdet2", "detectron2") else ["test"]


def order_of(loader: str) -> Literal["file", "id"]:
    """By what a loader orders images: as they stand in the file, or by id."""
    return "id" if loader in ("detr", "torchvision", "detectron2") else "file"


def options_for(loader: str, mode: Mode, classes: Sequence[str]) -> object:
    """A loader's options in a mode, as its usual configuration has them.

    Args:
        classes: class names, for loaders that are told.
    """
    is_test = mode == "test"
    if loader == "mmdet3":
        return mmdet3.Options(
            metainfo={"classes": tuple(classes)},
            filter_cfg=None if is_test else mmdet3.BASE_FILTER,
            test_mode=is_test,
        )
    if loader == "mmdet2":
        return mmdet2.Options(classes=tuple(classes), test_mode=is_test)
    if loader == "detectron2":
        return detectron2.Options(filter_empty=not is_test)
    return LOADERS[loader].options()


def own_options(loader: str, chosen: Mapping[str, object]) -> Mapping[str, object]:
    """Options that somebody chose, checked.

    Args:
        chosen: JSON values by the framework's own names.

    Raises:
        RequestError: the loader has no such option, or takes no such value.
    """
    import msgspec

    types = get_type_hints(LOADERS[loader].options)
    if loader == "mmdet3":
        types |= get_type_hints(mmdet3.FilterCfg)
    known = [name for name in types if name not in _ELSEWHERE]
    found: dict[str, object] = {}
    for name, value in chosen.items():
        if name not in known:
            raise RequestError(
                f"{loader} has no option {name!r} to set",
                hint=did_you_mean(name, known) or f"it has {', '.join(known)}",
            )
        try:
            found[name] = msgspec.convert(value, types[name])
        except msgspec.ValidationError as error:
            raise RequestError(f"{loader} does not take {name}={value!r}: {error}") from error
    return found


def framework_options(setting: Setting) -> dict[str, Any]:
    """What a real dataset is given beside classes and mode, under its own names."""
    options = setting.options
    if not isinstance(options, mmdet3.Options):
        return dict(setting.own)
    told = {name: value for name, value in setting.own.items() if name not in _FILTER}
    if options.filter_cfg is not None:
        told["filter_cfg"] = asdict(options.filter_cfg)
    return told


def setting_of(header: DumpHeader) -> Setting:
    """How the loader was set up that a dump is of.

    Raises:
        FormatError: the header's options are none of that loader.
    """
    import msgspec

    loader, mode = str(header.loader), header.mode or "test"
    try:
        options = _options_of(header, is_test=mode == "test")
    except (TypeError, ValueError, msgspec.ValidationError) as error:
        raise FormatError(f"the dump's options are none of {loader}: {error}") from error
    return Setting(loader, mode, options, {}, has_own_classes=True)


def _options_of(header: DumpHeader, *, is_test: bool) -> object:
    import msgspec

    told = header.options
    if header.loader == "mmdet3":
        cfg, text = told.get("filter_cfg"), told.get("classes")
        known = {k: v for k, v in cfg.items() if k in _FILTER} if isinstance(cfg, Mapping) else None
        return mmdet3.Options(
            metainfo={"classes": text if isinstance(text, str) else header.classes},
            filter_cfg=None if known is None else msgspec.convert(known, mmdet3.FilterCfg),
            indices=msgspec.convert(told.get("indices"), int | list[int] | None),
            serialize_data=bool(told.get("serialize_data", True)),
            test_mode=is_test,
        )
    if header.loader == "mmdet2":
        return mmdet2.Options(
            classes=header.classes,
            test_mode=is_test,
            filter_empty_gt=bool(told.get("filter_empty_gt", True)),
        )
    if header.loader == "detectron2":
        return detectron2.Options(filter_empty=not is_test)
    return LOADERS[str(header.loader)].options()


def _with_own(options: object, own: Mapping[str, object]) -> object:
    if isinstance(options, mmdet3.Options):
        in_filter = {name: value for name, value in own.items() if name in _FILTER}
        if in_filter:
            cfg = replace(options.filter_cfg or mmdet3.FilterCfg(), **in_filter)  # type: ignore[arg-type]
            options = replace(options, filter_cfg=cfg)
        own = {name: value for name, value in own.items() if name not in _FILTER}
    return replace(options, **own) if own else options  # type: ignore[type-var]
