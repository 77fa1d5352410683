"""An experiment file, read: its experiments, their parameters and what to do with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from cevns.config.merge import extended, merge
from cevns.config.reader import read_file
from cevns.config.schema import DataBlocks, ExperimentBlocks, StudyBlocks
from cevns.errors import InputError, Mistake, nearest, show
from cevns.experiment import Experiment, declared, named_sources
from cevns.parameters import Parameter, Parameters
from cevns.spec import Spec, mistakes_of

_STUDY_KEYS = tuple(f.alias or name for name, f in StudyBlocks.model_fields.items())
_BLOCK_KEYS = tuple({**ExperimentBlocks.model_fields, **DataBlocks.model_fields})
KEYS = (*_BLOCK_KEYS, "experiments", "extends", *_STUDY_KEYS)
"""Top-level keys of an experiment file."""

Blocks = ExperimentBlocks | DataBlocks


@dataclass(frozen=True, eq=False)
class Study:
    """The content of an experiment file.

    Attributes
    ----------
    blocks : mapping
        Name → blocks of each experiment; the name is "" where the file holds a single one.
    together : StudyBlocks
        Parameters, correlations, fit, scan and study.
    resolved : mapping
        The merged content, for writing out again.
    """

    name: str
    blocks: Mapping[str, Blocks]
    together: StudyBlocks
    resolved: Mapping[str, Any]
    directory: Path = field(default_factory=Path)

    @cached_property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments, built; an `InputError` names what this version cannot compute."""
        built: dict[str, Experiment] = {}
        mistakes: list[Mistake] = []
        for name, blocks in self.blocks.items():
            try:
                built[name] = blocks.build()
            except InputError as error:
                placed = [place(one, name, self.resolved) for one in error.mistakes]
                mistakes.extend(one for one in placed if one not in mistakes)
        if mistakes:
            raise InputError(mistakes)
        return built

    @cached_property
    def parameters(self) -> Parameters:
        """All parameters, those of single experiments with their names in front.

        Raises
        ------
        InputError
            Where two experiments declare a shared parameter differently, and for mistakes in
            the ``parameters`` and ``correlations`` blocks.
        """
        from cevns.config.settings import apply_settings

        found = Parameters()
        for name, blocks in self.blocks.items():
            found = found.union(Parameters(_prefixed(name, blocks)))
        return apply_settings(found, self.together, complete=not self._has_data)

    @property
    def _has_data(self) -> bool:
        return any(isinstance(blocks, DataBlocks) for blocks in self.blocks.values())

    def theta(self, name: str = "") -> dict[str, float]:
        """The values that the file sets, at the addresses of experiment ``name``."""
        changed = {
            address: parameter.value
            for address, parameter in self.parameters.items()
            if address in self._set
        }
        prefix = f"{name}." if name else ""
        return {address.removeprefix(prefix): value for address, value in changed.items()}

    @cached_property
    def _set(self) -> set[str]:
        """Addresses whose value the file sets (at nominal, θ is empty)."""
        from cevns.config.settings import matches

        given = self.together.given
        return {
            address
            for name, setting in given.items()
            if setting.value is not None or setting.same_as is not None
            for address in matches(self.parameters, name)
        }


def _prefixed(name: str, blocks: Blocks) -> list[Parameter]:
    """Parameters of one experiment; shared physics keeps its bare address."""
    shared = {p.address for p in blocks.interactions().numbers()}
    if isinstance(blocks, DataBlocks):
        return list(blocks.interactions().numbers())
    sources = named_sources(blocks.source)
    own = declared(sources, blocks.detector, blocks.interactions(), blocks.form_factor)
    first = ("source.", "detector.", "signal.")
    return [
        p.with_(address=f"{name}.{p.address}")
        if name and p.address.startswith(first) and p.address not in shared
        else p
        for p in own
    ]


def load(path: str | Path) -> Study:
    """Read, merge and validate the experiment file at ``path``.

    Raises
    ------
    InputError
        With all mistakes of the file at once.
    """
    path = Path(path)
    study = study_from(read_file(path), path.parent)
    if not study.name:
        study = Study(path.stem, study.blocks, study.together, study.resolved, study.directory)
    return study


def study_from(raw: Mapping[str, Any], directory: Path | str = ".") -> Study:
    """The same from data at hand; table files are relative to ``directory``."""
    directory = Path(directory)
    data = extended(raw, directory)
    mistakes = [
        Mistake(str(key), f"the unknown key {show(key)}", _EXPECTED_KEYS, nearest(key, KEYS))
        for key in data
        if key not in KEYS
    ]
    context = {"file": True, "directory": directory}
    together = _validated(
        StudyBlocks, {k: v for k, v in data.items() if k in _STUDY_KEYS}, context, mistakes, "", data
    )
    blocks: dict[str, Blocks] = {}
    for name, merged in _single_experiments(data, mistakes).items():
        kind: type[Blocks] = DataBlocks if "data" in merged else ExperimentBlocks
        made = _validated(kind, merged, context, mistakes, name, data)
        if made is not None:
            blocks[name] = made
    if mistakes:
        raise InputError(mistakes)
    title = data.get("name", "")
    study = Study(str(title), blocks, together, data, directory)  # type: ignore[arg-type]
    if study.together.given or study.together.correlations or study.together.scan:
        _ = study.parameters  # their addresses are checked with the rest of the file
    return study


_EXPECTED_KEYS = f"one of the keys {', '.join(KEYS)}"


def _single_experiments(data: Any, mistakes: list[Mistake]) -> dict[str, dict[str, Any]]:
    """Name → merged blocks of each experiment."""
    defaults = {key: value for key, value in data.items() if key in _BLOCK_KEYS}
    if "experiments" not in data:
        return {"": defaults}
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
            merged[name] = merge({**defaults, "name": name}, entry)
    return merged


def _validated(
    kind: type[Spec],
    content: Mapping[str, Any],
    context: dict[str, Any],
    mistakes: list[Mistake],
    name: str,
    data: Mapping[str, Any],
) -> Any:
    """``content`` as a declaration; its mistakes are added with paths into the file."""
    try:
        return kind.model_validate(content, context=context)
    except ValidationError as error:
        found = [place(one, name, data) for one in mistakes_of(error, "", content)]
        mistakes.extend(one for one in found if one not in mistakes)
        return None


def place(one: Mistake, name: str, data: Mapping[str, Any]) -> Mistake:
    """A mistake of experiment ``name`` at the place in the file where the value was written."""
    if not name:
        return one if one.path else Mistake("(top level)", one.found, one.expected, one.nearest)
    steps = one.path.replace("[", ".[").split(".") if one.path else []
    inner: Any = data["experiments"][name]
    for step in steps:
        key: Any = int(step[1:-1]) if step.startswith("[") else step
        try:
            inner = inner[key]
        except (KeyError, IndexError, TypeError):
            return one  # it comes from the defaults at the top level
    own = f"experiments.{name}"
    path = f"{own}.{one.path}" if one.path else own
    return Mistake(path, one.found, one.expected, one.nearest)
