"""Three things of the build that pyproject.toml cannot say; everything else is there."""

from __future__ import annotations

import re
import shutil
import sysconfig
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
SAMPLE = ("annotations/instances_sample2017.json", "detections_sample2017.json", "sample2017/*.jpg")

KERNEL = Extension(
    "cocosurgeon.annfile._kernel",
    ["cocosurgeon/annfile/_kernel.c"],
    extra_compile_args=["-O3", "-std=c11", "-g0"],  # debug information is most of its size
    py_limited_api=True,
    optional=True,
)


# An interpreter without the global lock has no limited API yet: there Python scans.
HAS_LIMITED_API = not sysconfig.get_config_var("Py_GIL_DISABLED")


class BuildKernel(build_ext):
    """Build the compiled kernel again, or not at all: without a compiler Python scans."""

    def run(self) -> None:
        """Remove what an earlier build left, which is perhaps not of this source."""
        for left in (Path(self.get_ext_fullpath(e.name)) for e in self.extensions):
            left.unlink(missing_ok=True)
        super().run()


class BuildWithSample(build_py):
    """Put the sample data into the package: a wheel has no other folder for them."""

    def run(self) -> None:
        """Copy them next to the modules; an editable installation finds them in the clone."""
        super().run()
        if self.editable_mode:
            return
        for file in (f for pattern in SAMPLE for f in (ROOT / "sample_data").glob(pattern)):
            target = Path(self.build_lib, "cocosurgeon", file.relative_to(ROOT))
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, target)


def description() -> str:
    """Return the README for an index page, which has no file that a relative link could name."""
    address = _found(r'^Repository = "(.+)"$', "pyproject.toml")
    tag = f"v{_found(r'^__version__ = .(.+).$', 'cocosurgeon/version.py')}"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    relative = r"\]\((?![a-z]+:|#)"
    readme = re.sub(rf"(!\[[^]]*){relative}", rf"\1]({address}/raw/{tag}/", readme)
    return re.sub(relative, f"]({address}/blob/{tag}/", readme)


def _found(pattern: str, name: str) -> str:
    found = re.search(pattern, (ROOT / name).read_text(encoding="utf-8"), re.MULTILINE)
    assert found, name
    return found[1]


setup(
    cmdclass={"build_py": BuildWithSample, "build_ext": BuildKernel},
    ext_modules=[KERNEL] if HAS_LIMITED_API else [],
    options={"bdist_wheel": {"py_limited_api": "cp310"}} if HAS_LIMITED_API else {},
    long_description=description(),
    long_description_content_type="text/markdown",
)
