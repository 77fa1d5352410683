"""The catalogue: experiments and sites of the literature as experiment files to run and to copy.

Each entry is a file beside this one. ``about.references`` says where every number is from,
``about.missing`` which ones are not published: such an entry refuses to predict until a file that
extends it gives them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cevns.errors import split, unknown_name

_FOLDER = Path(__file__).parent
_SUFFIX = ".yaml"


def entries() -> list[str]:
    """The names of all entries, in alphabetical order."""
    return sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}"))


def entry_file(name: str, path: str = "") -> Path:
    """The file of the entry ``name``; ``path`` is where it was named, for messages.

    Raises
    ------
    InputError
        For a name that is not in the catalogue.
    """
    if name not in entries():
        raise unknown_name(path, name, entries(), "entry of the catalogue")
    return _FOLDER / f"{name}{_SUFFIX}"


def not_given(content: Mapping[str, Any]) -> dict[str, str]:
    """Path → why, of what ``about.missing`` names and the merged ``content`` does not give."""
    about = content.get("about")
    missing = about.get("missing") if isinstance(about, Mapping) else None
    if not isinstance(missing, Mapping):
        return {}
    return {str(path): str(why) for path, why in missing.items() if not _given(str(path), content)}


def _given(path: str, content: Mapping[str, Any]) -> bool:
    """Whether there is something at ``path``: for all experiments together, or for each of them."""
    if not split(path, content)[1]:
        return True
    blocks = content.get("experiments")
    if not isinstance(blocks, Mapping):
        return False
    for name in blocks:
        own = f"experiments.{name}."
        if path.startswith(own):
            return not split(path.removeprefix(own), content)[1]
    return bool(blocks) and all(not split(path, block)[1] for block in blocks.values())
