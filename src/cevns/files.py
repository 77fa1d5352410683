"""Writing files: each whole or not at all.

A file is written under a temporary name beside its place, brought to the disk and renamed. A
reader, another writer or a run that is killed at any moment meets the old file or the new one.
The temporary name says whose it is, so that what a killed run leaves behind can be cleared away
without touching what another one is writing.
"""

from __future__ import annotations

import json
import math
import os
import platform
import re
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

_SUFFIX = ".part"
_DAY = 86400.0  # seconds; the content is complete before writing begins, which takes moments


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` through a temporary file beside it: never half a file.

    Raises
    ------
    OSError
        With ``path`` as the file it is about; what was at ``path`` before is still there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _replace(path, content)
    except OSError as error:
        # A full disk names no file, a forbidden folder the temporary one.
        raise OSError(error.errno, error.strerror, str(path)) from error


def write_text(path: Path, text: str) -> None:
    """The same for text, as UTF-8."""
    write_bytes(path, text.encode("utf-8"))


def json_text(content: Mapping[str, Any], indent: int | None = None) -> str:
    """Plain data as JSON that every reader accepts: what is not a finite number is null."""
    return json.dumps(_finite(content), indent=indent, allow_nan=False, ensure_ascii=False)


def remove_leftovers(folder: Path) -> None:
    """Delete the temporary files in ``folder`` whose writer was killed.

    A writer of this machine is asked for; one of another machine is given up after a day.
    """
    for part in folder.glob(f".*{_SUFFIX}"):
        if _is_left_over(part):
            part.unlink(missing_ok=True)


def _finite(content: Any) -> Any:
    if isinstance(content, Mapping):
        return {key: _finite(value) for key, value in content.items()}
    if isinstance(content, (list, tuple)):
        return [_finite(value) for value in content]
    return None if isinstance(content, float) and not math.isfinite(content) else content


def _replace(path: Path, content: bytes) -> None:
    prefix = f".{path.name}.{platform.node()}.{os.getpid()}."
    with NamedTemporaryFile(dir=path.parent, prefix=prefix, suffix=_SUFFIX, delete=False) as stream:
        temporary = Path(stream.name)
        try:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
    try:
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _is_left_over(part: Path) -> bool:
    try:
        age = time.time() - part.stat().st_mtime
    except OSError:
        return False  # renamed in the meantime
    writer = re.search(rf"\.{re.escape(platform.node())}\.(\d+)\.\w+\{_SUFFIX}$", part.name)
    return age > _DAY or (writer is not None and not _is_running(int(writer[1])))


def _is_running(process: int) -> bool:
    if os.name != "posix":  # there, signal 0 is no question
        return True
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
