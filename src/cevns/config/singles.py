"""The experiments of a file, each with the defaults it inherits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from cevns.config.schema import ExperimentBlocks
from cevns.errors import InputError, Mistake, join, nearest, show
from cevns.merge import merge

BLOCK_KEYS = tuple(ExperimentBlocks.model_fields)
"""Keys of an experiment."""

_APPARATUS = ("name", "source", "detector", "exposure", "binning", "data")
"""What describes an apparatus and its data; the rest is physics."""


def single_experiments(data: Any, mistakes: list[Mistake]) -> dict[str, dict[str, Any]]:
    """Name → merged blocks of each experiment.

    A public data set brings its own apparatus: of the defaults it takes the physics only, since
    those of a detector are meant for the experiments that have none. What stands in its own block
    is merged over what it brings.
    """
    defaults = {key: value for key, value in data.items() if key in BLOCK_KEYS}
    if "experiments" not in data:
        base = _brought(defaults, "data", mistakes)
        if base:
            mistakes.extend(_of_the_release(defaults, ""))
        return {} if base is None else {"": merge(base, defaults)}
    entries = data["experiments"]
    if not isinstance(entries, Mapping) or not entries:
        expected = "a block of experiments by name"
        mistakes.append(Mistake("experiments", show(entries), expected))
        return {}
    merged = {}
    for name, entry in entries.items():
        if not isinstance(entry, Mapping):
            found = show(entry)
            mistakes.append(Mistake(f"experiments.{name}", found, "the blocks of an experiment"))
        elif "." in name or not name:
            expected = "a name without a dot"
            mistakes.append(Mistake(f"experiments.{name}", show(name), expected))
        else:
            path = f"experiments.{name}.data" if "data" in entry else "data"
            base = _brought({**defaults, **entry}, path, mistakes)
            if base:
                mistakes.extend(_of_the_release(entry, f"experiments.{name}."))
            if base is not None:
                inherited = {k: v for k, v in defaults.items() if not base or k not in _APPARATUS}
                merged[name] = merge({**base, **inherited, "name": name}, entry)
    return merged


def _brought(
    blocks: Mapping[str, Any], path: str, mistakes: list[Mistake]
) -> Mapping[str, Any] | None:
    """The apparatus that a data set brings; nothing without one, None where it is unknown."""
    chosen = blocks.get("data")
    name = chosen.get("name") if isinstance(chosen, Mapping) else chosen
    if name is None:
        return {}
    from cevns.datasets.analysis import analysed  # only files with data need them
    from cevns.datasets.apparatus import apparatus
    from cevns.datasets.release import dataset_names

    known = analysed()
    if not isinstance(name, str) or name not in known:
        released = isinstance(name, str) and name in dataset_names()
        kind = "a data set that this version can fit" if released else "a data set"
        expected = f"{kind}: {', '.join(known)}; own counts are {{file: counts.csv}}"
        mistakes.append(Mistake(path, show(name), expected, nearest(name, known)))
        return None
    options = chosen if isinstance(chosen, Mapping) else {}
    quenching, runs = options.get("quenching"), options.get("runs")
    try:
        brought = apparatus(
            name,
            quenching if isinstance(quenching, str) else None,
            runs if _is_words(runs) else None,
        )
    except InputError as error:
        mistakes.extend(replace(one, path=join(path, [one.path])) for one in error.mistakes)
        return None
    return {**brought, "data": {"name": name}}


def _is_words(value: object) -> TypeGuard[Sequence[str]]:
    """Whether it is a list of text; what else it may be, the block of the data refuses."""
    return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)


def _of_the_release(blocks: Mapping[str, Any], path: str) -> Iterator[Mistake]:
    """What cannot be changed beside a public data set: its templates are in cells of their own."""
    expected = "none beside a public data set, which brings its own"
    if "binning" in blocks:
        yield Mistake(f"{path}binning", show(blocks["binning"]), expected)
    detector = blocks.get("detector")
    if isinstance(detector, Mapping) and "backgrounds" in detector:
        yield Mistake(f"{path}detector.backgrounds", show(detector["backgrounds"]), expected)
