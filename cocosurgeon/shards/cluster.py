"""Work on many files, done by the workers of a Dask cluster, file by file."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cocosurgeon.errors import RequestError, SourceUnavailableError
from cocosurgeon.progress import progress_of
from cocosurgeon.select.filter import PlanPart
from cocosurgeon.shards.interrupts import interrupts_later, loop_without_interrupts
from cocosurgeon.text import plural
from cocosurgeon.urls import is_shared, is_url
from cocosurgeon.version import __version__

if TYPE_CHECKING:
    from distributed import Client, Future

    from cocosurgeon.annfile.document import Document
    from cocosurgeon.annfile.remote import Answer, RemoteSource
    from cocosurgeon.annfile.source import Source
    from cocosurgeon.dataset.dataset import Dataset
    from cocosurgeon.lint.report import LintReport
    from cocosurgeon.select.filter import Columns
    from cocosurgeon.select.plan import Plan
    from cocosurgeon.shards.dataset import Shards
    from cocosurgeon.shards.tasks import OpenFile, Place

_SECONDS = 30
"""How long a scheduler, and its first worker, are waited for."""
_INSTALL = "pip install 'cocosurgeon[scale]'"


@dataclass(frozen=True)
class Cluster:
    """Workers that are asked for.

    Attributes:
        scheduler: address of a scheduler; None: workers are started on this machine.
        workers: how many.
    """

    scheduler: str | None
    workers: int

    @contextmanager
    def connected(self, notice: Callable[[str], object]) -> Iterator[Workers]:
        """Connect to the scheduler, or start the workers until the block ends.

        Args:
            notice: prints a line: where the dashboard is.

        Raises:
            RequestError: Dask is not installed, nobody answers, or versions differ.
        """
        require_dask()
        from distributed import Client, LocalCluster

        with ExitStack() as stack:
            address: Any = self.scheduler
            if address is None:
                loop = stack.enter_context(loop_without_interrupts())
                with interrupts_later():
                    address = LocalCluster(
                        loop=loop,
                        n_workers=self.workers,
                        threads_per_worker=1,
                        dashboard_address=":0",
                        silence_logs=logging.CRITICAL,
                    )
                    stack.callback(interrupts_later()(address.close))
            try:
                client = stack.enter_context(
                    Client(address, timeout=_SECONDS, set_as_default=False)
                )
            except (OSError, ValueError) as error:
                raise RequestError(
                    f"no scheduler answers: {error}",
                    where=self.scheduler,
                    hint="name its address, such as tcp://host:8786 (dask scheduler prints it)",
                ) from error
            workers = Workers.of(client)
            count = len(client.scheduler_info(n_workers=-1)["workers"])
            notice(f"{plural(count, 'worker')}, dashboard: {client.dashboard_link}")
            yield workers


def require_dask() -> None:
    """Raise RequestError where Dask is not installed."""
    try:
        import distributed
    except ImportError as error:
        raise RequestError(
            f"workers need Dask, which is not installed: {error}", hint=_INSTALL
        ) from error
    assert distributed


@dataclass(frozen=True, eq=False)
class Workers:
    """Workers that read, cut and check files."""

    client: Client

    @classmethod
    def of(cls, client: Client) -> Workers:
        """Return the workers of a client, once the first of them is there.

        Raises:
            RequestError: there is none, or one has another version, or none, of cocosurgeon.
        """
        from distributed import TimeoutError

        try:
            client.wait_for_workers(1, timeout=_SECONDS)
        except TimeoutError as error:
            raise RequestError(
                "the scheduler has no worker",
                where=client.scheduler.address,
                hint="start some: dask worker ADDRESS",
            ) from error
        hint = f"install the same on all: pip install 'cocosurgeon[scale]=={__version__}'"
        try:
            versions = {client.scheduler.address: client.run_on_scheduler(_version)}
        except ImportError as error:
            versions = {client.scheduler.address: error}
        versions |= client.run(_version, on_error="return")
        for address, version in versions.items():
            if version != __version__ and not isinstance(version, OSError):  # it died just now
                raise RequestError(
                    f"there is cocosurgeon {version}, and this is {__version__}",
                    where=address,
                    hint=hint,
                )
        return cls(client)

    def read(self, paths: Sequence[str], columns: Columns, open_file: OpenFile) -> list[Dataset]:
        """Read files as datasets; see ``documents``."""
        from cocosurgeon.dataset.dataset import Dataset
        from cocosurgeon.dataset.index import AnnotationIndex

        documents = self.documents(paths, columns, open_file)
        return [Dataset.whole(AnnotationIndex.of(document)) for document in documents]

    def documents(
        self, paths: Sequence[str], columns: Columns, open_file: OpenFile
    ) -> Iterator[Document]:
        """Read files. Their columns are here then; the workers keep the places of records.

        Args:
            columns: keys of records that will be wanted, by the lists' keys.

        Raises:
            CocosurgeonError: a file cannot be read; of several, the first one's.
        """
        from cocosurgeon.shards.tasks import read_file, without_text

        opened = self._map(read_file, _places(paths, open_file), columns=dict(columns))
        documents = self._results("reading", self._map(without_text, opened), _sizes(paths))
        for document, future in zip(documents, opened, strict=True):
            yield self._asking(document, future)

    def keep(self, shards: Shards, plan: Plan) -> tuple[Dataset, tuple[str, ...]]:
        """Apply filters that ask about each record by itself; each file is asked where it is.

        Args:
            plan: of such filters; see ``by_record``.

        Returns:
            What is kept of all files, and the filters as they were bound.
        """
        from cocosurgeon.shards.tasks import keep_by_record
        from cocosurgeon.steps.recipe import Recipe, SourceIdentity

        recipe = Recipe(plan, SourceIdentity("shards", 0, "")).to_json()
        opened = [opened_of(file) for file in shards.files]
        futures = self._map(keep_by_record, opened, recipe=recipe)
        sizes = [file.source.size for file in shards.files]
        found = [each for each in self._results("choosing", futures, sizes) if each]
        types = {key: kind for *_, of_file in found for key, kind in of_file.items()}
        steps = {bound for _, bound, _ in found}
        is_one = len(steps) == 1 and all(of_file.items() <= types.items() for *_, of_file in found)
        if len(found) < len(futures) or not is_one:  # columns of all are needed
            bound = plan.bind(shards.whole)
            return bound.apply(shards.whole), tuple(map(repr, bound.steps))
        parts = [kept.dataset(f.index) for (kept, *_), f in zip(found, shards.files, strict=True)]
        return shards.joined(parts), steps.pop()

    def write(self, parts: Mapping[str, Dataset]) -> None:
        """Write what is kept of files that workers have read.

        Args:
            parts: what is kept of each, by its path or URL, which the workers can write.

        Raises:
            CocosurgeonError: a file cannot be written, or a source changed.
        """
        from cocosurgeon.shards.tasks import KeptRows, write_file

        opened = [opened_of(part) for part in parts.values()]
        kept = [KeptRows.of(part) for part in parts.values()]
        sizes = [part.source.size for part in parts.values()]
        futures = self._map(write_file, opened, kept, list(parts))
        for _ in self._results("writing", futures, sizes):
            pass

    def lint(
        self,
        documents: Sequence[Document],
        judge: Callable[..., LintReport],
        **options: object,
    ) -> list[LintReport]:
        """Return the report of lint on each file.

        Args:
            judge: ``lint``, or ``lint_records``.
        """
        from cocosurgeon.shards.tasks import lint_file

        opened = [_opened_in(document.source) for document in documents]
        sizes = [document.source.size for document in documents]
        futures = self._map(lint_file, opened, judge=judge, **options)
        return list(self._results("checking", futures, sizes))

    def _asking(self, document: Document, opened: Future) -> Document:
        """Let a document ask the workers for what it does not have."""
        from cocosurgeon.annfile.remote import RemoteSource
        from cocosurgeon.shards.tasks import ask

        assert isinstance(document.source, RemoteSource)
        document.source.ask = partial(
            self.client.submit, ask, opened, document.source.identity, pure=False
        )
        return document

    def _map(self, function: Callable[..., object], *of_each: Any, **of_all: Any) -> list[Future]:
        futures: list[Future] = self.client.map(function, *of_each, pure=False, **of_all)
        return futures

    def _results(self, what: str, futures: list[Future], sizes: list[int]) -> Iterator[Any]:
        """Yield results in order, and let go of each.

        Args:
            sizes: bytes of each file, by which the bar advances.
        """
        from distributed import CancelledError, KilledWorker

        waiting, done = futures[::-1], 0
        try:
            with progress_of(what) as progress:
                for size in sizes:
                    yield waiting.pop().result()
                    done += size
                    if progress:
                        progress(done, sum(sizes))
        except KilledWorker as error:
            raise RequestError(
                f"workers died again and again: {error}",
                hint="give each worker more memory, or start fewer of them",
            ) from error
        except CancelledError as error:
            raise RequestError(
                f"the scheduler is gone: {error}", hint="look at its log, and run again"
            ) from error
        finally:
            self.client.cancel(waiting)


def _places(paths: Sequence[str], open_file: OpenFile) -> list[Place]:
    """Return files as a process in another folder finds them.

    Raises:
        SourceUnavailableError: no other process does.
    """
    from cocosurgeon.shards.tasks import Place

    for path in paths:
        if is_url(path) and not is_shared(path):
            raise SourceUnavailableError(
                "other processes do not see what is in memory",
                where=path,
                hint="remove --workers and --scheduler, or write the files to a disk",
            )
    absolute = [path if is_url(path) else os.path.abspath(path) for path in paths]  # noqa: PTH100
    return [Place(*names, open_file) for names in zip(paths, absolute, strict=True)]


def by_record(plan: Plan) -> tuple[Plan, Plan]:
    """Return the first steps of a plan that ask about each record by itself, and the others."""
    from cocosurgeon.select.plan import Plan

    count = len(list(takewhile(_is_by_record, plan.steps)))
    return Plan(*plan.steps[:count]), Plan(*plan.steps[count:])


def _is_by_record(part: PlanPart) -> bool:
    inner = [value for value in vars(part).values() if isinstance(value, PlanPart)]
    return part.is_by_record and all(map(_is_by_record, inner))


def _sizes(paths: Sequence[str]) -> list[int]:
    """Return the bytes of files; 1 where they are not known here."""
    return [Path(path).stat().st_size if os.path.isfile(path) else 1 for path in paths]  # noqa: PTH113


def asked(part: Dataset, function: Callable[..., object], *args: object) -> Answer:
    """Call a function with the document of a dataset, on a worker."""
    return _remote(part.source).ask(function, *args)


def opened_of(part: Dataset) -> Future:
    """Return the file of a dataset, as a worker has it."""
    return _opened_in(part.source)


def _opened_in(source: Source) -> Future:
    opened: Future = cast("partial[Answer]", _remote(source).ask).args[1]
    return opened


def _remote(source: Source) -> RemoteSource:
    from cocosurgeon.annfile.remote import RemoteSource

    assert isinstance(source, RemoteSource)
    return source


def _version() -> str:
    return __version__
