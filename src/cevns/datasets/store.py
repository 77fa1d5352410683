"""Where the files of a public data set lie, whether they are right, and how they get there.

They lie in ``CEVNS_DATA/NAME`` where ``CEVNS_DATA`` is set, and then nowhere else; otherwise in
the user's cache, which ``CEVNS_CACHE`` moves. Whatever reads a file checks its SHA-256 on the
way, so that a number never comes from bytes other than the ones that were declared.

A fetch writes inside the folder of the data set only. It downloads into a hidden folder there and
moves a file to its place when its SHA-256 is right: an interrupted run leaves no partial file, and
the next one goes on with what is missing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote

from cevns.datasets.release import DataFile, Release, read_release
from cevns.errors import InputError, Mistake, unknown_name

if TYPE_CHECKING:
    from requests import Session

RETRIES = 3  # after the first try; pooch waits 1, 2, 3 s before them
TIMEOUT = 30  # seconds without an answer
PATIENCE = 2  # files in a row that a mirror may fail before it is given up
_STAGING = ".fetch-"
_STALE = 3600  # seconds after which the hidden folder of a run that was killed is removed
_CHUNK = 1 << 16
_MAY_PASS = (408, 425, 429)  # "timeout", "too early", "too many requests": worth another try
_SLACK = 1_000_000  # bytes that are still read of a body that is too long, for its SHA-256

State = Literal["ok", "missing", "changed", "wrong size"]
Summary = Literal["complete", "partial", "absent", "changed"]
Action = Literal["present", "fetched", "missing", "refused", "failed"]


@dataclass(frozen=True)
class FileState:
    """One file as it was found. ``bytes`` and ``sha256`` are None where there is no file."""

    file: DataFile
    state: State
    bytes: int | None = None
    sha256: str | None = None

    def mistake(self, where: str, cure: str) -> Mistake:
        """What is wrong with it, in one line with both hashes."""
        if self.state == "missing":
            return Mistake(where, "no such file", f"the file of the release ({cure})")
        found, expected = f"SHA-256 {self.sha256}", f"SHA-256 {self.file.sha256}"
        if self.sha256 is None:
            found = "something that is not a file"
        elif self.state == "wrong size":
            found = f"{self.bytes} bytes with {found}"
            expected = f"{self.file.bytes} bytes with {expected}"
        return Mistake(where, found, f"{expected} ({cure})" if cure else expected)


@dataclass(frozen=True)
class Outcome:
    """What a fetch did about one file; ``reason`` says why it is not there."""

    file: DataFile
    action: Action
    reason: str = ""

    @property
    def good(self) -> bool:
        """Whether the file is there and right."""
        return self.action in ("present", "fetched")


@dataclass(frozen=True)
class DataFolder:
    """The files of one data set. Each is checked against its SHA-256 when it is opened."""

    name: str
    release: Release
    folder: Path

    @cached_property
    def _files(self) -> dict[str, DataFile]:
        return {file.name: file for file in self.release.files}

    def read_bytes(self, file: str) -> bytes:
        """The content of ``file``: exactly the bytes whose SHA-256 was checked.

        Raises
        ------
        InputError
            If it is missing or changed (with both hashes), or not a file of the release.
        """
        entry = self._entry(file)
        self._check(_look(entry, self.folder))
        content = (self.folder / file).read_bytes()
        found = hashlib.sha256(content).hexdigest()
        if found != entry.sha256:  # exchanged between the two readings
            self._check(FileState(entry, "changed", len(content), found))
        return content

    def read_text(self, file: str) -> str:
        """The same as text in UTF-8."""
        try:
            return self.read_bytes(file).decode("utf-8")
        except UnicodeDecodeError:
            raise InputError(Mistake(f"{self.name}/{file}", "bytes", "text in UTF-8")) from None

    def path(self, file: str) -> Path:
        """Where ``file`` lies, for what can only read from a path; checked now, not later."""
        self._check(_look(self._entry(file), self.folder))
        return self.folder / file

    def _entry(self, file: str) -> DataFile:
        if file not in self._files:
            raise unknown_name(self.name, file, self._files, f"file of {self.name}")
        return self._files[file]

    def _check(self, found: FileState) -> None:
        if found.state == "ok":
            return
        command = f"cevns data fetch {self.name}"
        cure = f"{command} --force" if found.state != "missing" else _where_else(self.name)
        raise InputError(found.mistake(str(self.folder / found.file.name), cure))


def data_folder(name: str) -> Path:
    """Where the files of the data set ``name`` lie, or would lie if they were fetched."""
    chosen = os.environ.get("CEVNS_DATA")
    if chosen:
        return Path(chosen).expanduser() / name
    cache = os.environ.get("CEVNS_CACHE")
    if cache:
        return Path(cache).expanduser() / name
    import pooch

    return Path(pooch.os_cache("cevns")) / name


def require(name: str) -> DataFolder:
    """The files of the data set ``name``, for whoever computes with them.

    Raises
    ------
    InputError
        If there is no such data set, or no folder with its files.
    """
    release, folder = read_release(name), data_folder(name)
    if not folder.is_dir():
        expected = f"the files of {name} ({_where_else(name)})"
        raise InputError(Mistake(str(folder), "no such folder", expected))
    return DataFolder(name, release, folder)


def _where_else(name: str) -> str:
    return f"'cevns data fetch {name}', or CEVNS_DATA as the folder that has {name} in it"


def verify(name: str, folder: Path | None = None) -> list[FileState]:
    """Every file of the data set ``name`` as it is found in ``folder`` (where it lies by default).

    Raises
    ------
    InputError
        If there is no such data set.
    """
    release = read_release(name)
    place = data_folder(name) if folder is None else folder
    return [_look(file, place) for file in release.files]


def summary(states: Sequence[FileState]) -> Summary:
    """All files in one word."""
    found = {one.state for one in states}
    if found & {"changed", "wrong size"}:
        return "changed"
    if "missing" not in found:
        return "complete"
    return "partial" if "ok" in found else "absent"


def _look(file: DataFile, folder: Path) -> FileState:
    path = folder / file.name
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return FileState(file, "missing")
    if not stat.S_ISREG(status.st_mode):
        return FileState(file, "changed")
    with path.open("rb") as content:
        found = hashlib.file_digest(content, "sha256").hexdigest()
    state: State = "ok" if found == file.sha256 else "changed"
    if status.st_size != file.bytes:
        state = "wrong size"
    return FileState(file, state, status.st_size, found)


def fetch(
    name: str,
    *,
    offline: bool | None = None,
    force: bool = False,
    report: Callable[[Outcome], None] | None = None,
) -> list[Outcome]:
    """Bring the files of the data set ``name`` to where they belong.

    Parameters
    ----------
    offline : attempt no connection; where not given, as ``CEVNS_OFFLINE`` says.
    force : fetch a file again that is there with other content, and replace it.
    report : called with each outcome, as soon as it is known.

    Returns
    -------
    list of Outcome
        One per file, in the order of the release. A download that failed is an outcome too.

    Raises
    ------
    InputError
        If there is no such data set, or a folder inside its own leads out of it.
    OSError
        If the folder cannot be written to.
    """
    release, folder = read_release(name), data_folder(name)
    if offline is None:
        offline = os.environ.get("CEVNS_OFFLINE", "0") not in ("", "0")
    outcomes: dict[str, Outcome] = {}

    def done(outcome: Outcome) -> None:
        outcomes[outcome.file.name] = outcome
        if report is not None:
            report(outcome)

    wanted = []
    for file in release.files:
        outcome = _without_download(_look(file, folder), offline, force)
        wanted.append(file) if outcome is None else done(outcome)
    _check_inside(wanted, folder)
    if wanted:
        import requests

        # a session keeps its connection from file to file
        with _staging(folder) as staging, requests.Session() as session:
            mirrors = _Mirrors(release, staging, session)
            for file in wanted:
                done(mirrors.bring(file, folder / file.name))
    return [outcomes[file.name] for file in release.files]


def _without_download(found: FileState, offline: bool, force: bool) -> Outcome | None:
    """The outcome for a file that needs no download or may not get one; None for the others."""
    if found.state == "ok":
        return Outcome(found.file, "present")
    if found.state != "missing" and not force:
        return Outcome(found.file, "refused", str(found.mistake("", "--force replaces it")))
    if offline:
        what = "no such file" if found.state == "missing" else f"SHA-256 {found.sha256}"
        return Outcome(found.file, "missing", f"found {what}, and nothing is fetched offline")
    return None


def _check_inside(files: Sequence[DataFile], folder: Path) -> None:
    """Refuse a folder inside ``folder`` that is a link to somewhere else."""
    for parent in {(folder / file.name).parent for file in files}:
        if not parent.resolve().is_relative_to(folder.resolve()):
            expected = f"a folder inside {folder}"
            raise InputError(Mistake(str(parent), "a link that leads out of it", expected))


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A hidden folder in ``folder`` for what is not checked yet; nothing of it stays."""
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_STAGING}*"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > _STALE:
                shutil.rmtree(left)
    try:
        with tempfile.TemporaryDirectory(prefix=_STAGING, dir=folder) as staging:
            yield Path(staging)
    finally:
        if new:
            with suppress(OSError):  # stays where there is something in it
                folder.rmdir()


class _Refused(Exception):
    """A mirror has no such file or another one: asking again does not help."""


class _Mirrors:
    """The mirrors of one release; one that fails file after file is given up."""

    def __init__(self, release: Release, staging: Path, session: Session):
        self._failures = dict.fromkeys(release.mirrors, 0)
        self._record = release.record.url
        self._staging = staging
        self._session = session

    def bring(self, file: DataFile, target: Path) -> Outcome:
        """Download ``file`` from the first mirror that has it and move it to ``target``."""
        from requests import RequestException

        reasons = [] if self._failures else ["no mirror is known"]
        for base, failures in self._failures.items():
            if failures >= PATIENCE:
                reasons.append(f"{base} was given up")
                continue
            url = f"{base.rstrip('/')}/{quote(file.remote or file.name)}"
            try:
                staged = self._download(file, url)
            except _Refused as error:
                self._failures[base] = 0
                reasons.append(f"{url}: {error}")
            except RequestException as error:
                self._failures[base] += 1
                reasons.append(f"{url}: {_why(error)}")
            else:
                self._failures[base] = 0
                self._put(staged, target)
                return Outcome(file, "fetched")
        return Outcome(file, "failed", f"{'; '.join(reasons)}; official place: {self._record}")

    def _download(self, file: DataFile, url: str) -> Path:
        """Where the checked file lies now; pooch tries again after what may pass."""
        import pooch

        def transfer(url: str, output: str, _: object) -> None:
            self._transfer(file, url, Path(output))

        key = file.sha256
        waiting = pooch.create(
            path=self._staging,
            base_url="",
            registry={key: f"sha256:{key}"},
            urls={key: url},
            retry_if_failed=RETRIES,
        )
        logger = pooch.get_logger()
        level = logger.level
        logger.setLevel("ERROR")  # the outcomes tell what happens
        try:
            return Path(waiting.fetch(key, downloader=transfer))
        finally:
            logger.setLevel(level)

    def _transfer(self, file: DataFile, url: str, output: Path) -> None:
        """One try. Compression is declined: the bytes on the wire are those of the file."""
        from requests import HTTPError

        headers = {"Accept-Encoding": "identity"}
        digest, size = hashlib.sha256(), 0
        with (
            self._session.get(url, stream=True, timeout=TIMEOUT, headers=headers) as answer,
            output.open("wb") as out,
        ):
            status = answer.status_code
            if status >= 400:
                lasting = status < 500 and status not in _MAY_PASS
                raise (_Refused if lasting else HTTPError)(f"HTTP status {status}")
            for chunk in answer.iter_content(_CHUNK):
                size += len(chunk)
                if size > file.bytes + _SLACK:
                    raise _Refused(f"found more than {size} bytes, expected {file.bytes}")
                digest.update(chunk)
                out.write(chunk)
        if digest.hexdigest() != file.sha256:
            found = FileState(file, "changed", size, digest.hexdigest())
            raise _Refused(str(found.mistake("", "")))

    def _put(self, staged: Path, target: Path) -> None:
        """Move a checked file to its place in one step, with the permissions of a new file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        ready = self._staging / "ready"
        shutil.copyfile(staged, ready)  # the staged file is for its owner alone
        staged.unlink()
        ready.replace(target)


def _why(error: Exception) -> str:
    """A failed transfer in words."""
    import requests

    if isinstance(error, requests.HTTPError):
        return str(error)
    broken = "no connection" if isinstance(error, requests.ConnectionError) else "broken off"
    return f"{broken} ({type(error).__name__})"
