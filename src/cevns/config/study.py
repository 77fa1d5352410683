"""An experiment file, read: its experiments, their parameters and what to do with them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from cevns.config.merge import extended, merge
from cevns.config.reader import read_file
from cevns.config.schema import DataBlocks, ExperimentBlocks, StudyBlocks
from cevns.declared import declared, named_sources
from cevns.errors import TOP, InputError, Mistake, join, nearest, show, split
from cevns.experiment import Experiment
from cevns.form_factors import PerElement
from cevns.parameters import Parameter, Parameters
from cevns.prediction import Prediction
from cevns.spec import Spec, mistakes_of

if TYPE_CHECKING:
    from cevns.config.settings import Addresses

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
    written : mapping
        The content of the file itself, before ``extends`` was merged.
    """

    name: str
    blocks: Mapping[str, Blocks]
    together: StudyBlocks
    resolved: Mapping[str, Any]
    directory: Path = field(default_factory=Path)
    written: Mapping[str, Any] = field(default_factory=dict)

    @cached_property
    def experiments(self) -> dict[str, Experiment]:
        """The experiments, built; an `InputError` names what this version cannot compute.

        They are at their nominal point: `predict` adds the values of the ``parameters`` block.
        """
        built: dict[str, Experiment] = {}
        mistakes: list[Mistake] = []
        for name, blocks in self.blocks.items():
            try:
                with self._in_reach(name):
                    built[name] = blocks.build()
            except InputError as error:
                mistakes.extend(error.mistakes)
        if mistakes:
            raise InputError(list(dict.fromkeys(mistakes)))
        return built

    def predict(self, name: str = "") -> Prediction:
        """The prediction of experiment ``name`` with the values that the file sets.

        Raises
        ------
        InputError
            With places in the file; also where a number of the prediction overflows.
        """
        experiment, theta = self.experiments[name], self.theta(name)
        with self._in_reach(name):
            if not 0 < experiment.largest_recoil(theta) < math.inf:
                raise OverflowError
            prediction = experiment.predict(theta)
            if not _finite(prediction.as_dict()):
                raise OverflowError
        return prediction

    @contextmanager
    def _in_reach(self, name: str) -> Iterator[None]:
        """Mistakes of experiment ``name`` at their places, what overflows as one of them."""
        try:
            with np.errstate(all="ignore"):
                yield
        except InputError as error:
            raise InputError(self._placed(error, name)) from None
        except ArithmeticError:
            found = "numbers so large or small that the prediction overflows"
            expected = "a mass, an exposure, a flux, a distance, ... that a detector can have"
            raise InputError(self._placed(InputError(Mistake("", found, expected)), name)) from None

    def _placed(self, error: InputError, name: str) -> list[Mistake]:
        """Mistakes of experiment ``name`` at places in the file as it was written."""
        there = [place(one, name, self.resolved) for one in error.mistakes]
        return [located(one, self.resolved, self.written) for one in there]

    @cached_property
    def parameters(self) -> Parameters:
        """All parameters, those of single experiments with their names in front.

        Raises
        ------
        InputError
            Where two experiments declare a shared parameter differently, and for mistakes in
            the ``parameters`` and ``correlations`` blocks.
        """
        return self.settled()

    def settled(self, complete: bool = True) -> Parameters:
        """The same; without ``complete``, unknown addresses may be those of other experiments."""
        from cevns.config.settings import apply_settings

        known = not any(isinstance(blocks, DataBlocks) for blocks in self.blocks.values())
        return apply_settings(self._declared, self.together, self._addresses, known and complete)

    @cached_property
    def _declared(self) -> Parameters:
        first: dict[str, tuple[str, Parameter]] = {}
        mistakes: list[Mistake] = []
        for name, blocks in self.blocks.items():
            for address, own in _addressed(name, blocks).items():
                other, known = first.setdefault(address, (name, own.with_(address=address)))
                if known.value != own.value:
                    found = f"{address} with two values ({_shown(known)} in {other}, "
                    expected = "one value of what the experiments share"
                    mistakes.append(
                        Mistake("experiments", f"{found}{_shown(own)} in {name})", expected)
                    )
        if mistakes:
            raise InputError(mistakes)
        return Parameters(parameter for _, parameter in first.values())

    @cached_property
    def _addresses(self) -> Addresses:
        from cevns.config.settings import Addresses

        return Addresses(self._declared, self.blocks)

    def theta(self, name: str = "") -> dict[str, Any]:
        """The values that the file sets, at the addresses of experiment ``name``."""
        return {
            own.address: self.parameters[address].value
            for address, own in _addressed(name, self.blocks[name]).items()
            if address in self._set
        }

    @cached_property
    def _set(self) -> set[str]:
        """Addresses whose value the file sets (at nominal, θ is empty)."""
        return {
            address
            for name, setting in self.together.given.items()
            if setting.value is not None or setting.same_as is not None
            for address in self._addresses.matching(name)
        }


def _shown(parameter: Parameter) -> str:
    """A value as it is shown in a message, in the parameter's unit."""
    if parameter.value is None:
        return "none"
    return f"{parameter.value / parameter.scale:.8g} {parameter.unit}".rstrip()


def _finite(content: Any) -> bool:
    """Whether every number in plain data is finite."""
    if isinstance(content, Mapping):
        return all(_finite(value) for value in content.values())
    if isinstance(content, list):
        return all(_finite(value) for value in content)
    return not isinstance(content, float) or math.isfinite(content)


_OF_ONE = ("source.", "detector.", "signal.")
"""Addresses that start like this belong to one experiment; the rest is physics they share."""


def _addressed(name: str, blocks: Blocks) -> dict[str, Parameter]:
    """Address in the file → parameter of experiment ``name``, at its own address."""
    if isinstance(blocks, DataBlocks):
        return {one.address: one for one in blocks.interactions().numbers()}
    sources = named_sources(blocks.source)
    own = declared(sources, blocks.detector, blocks.interactions(), blocks.form_factor)
    return {
        f"{name}.{one.address}" if name and one.address.startswith(_OF_ONE) else one.address: one
        for one in own
    }


def load(path: str | Path) -> Study:
    """Read, merge and validate the experiment file at ``path``.

    Raises
    ------
    InputError
        With all mistakes of the file at once.
    """
    path = Path(path)
    return study_from(read_file(path), path.parent, path.stem)


def study_from(raw: Mapping[str, Any], directory: Path | str = ".", name: str = "") -> Study:
    """The same from data at hand.

    Table files are relative to ``directory``; ``name`` is taken where the data has none.
    """
    directory = Path(directory)
    data = {"name": name, **extended(raw, directory)}
    try:
        study = replace(_validated_study(data, directory), written=raw)
        _ = study.parameters  # their addresses are checked with the rest of the file
    except InputError as error:
        found = [located(one, data, raw) for one in error.mistakes]
        raise InputError(list(dict.fromkeys(found))) from None
    return study


def _validated_study(data: Mapping[str, Any], directory: Path) -> Study:
    mistakes = [
        Mistake(str(key), f"the unknown key {show(key)}", _EXPECTED_KEYS, nearest(key, KEYS))
        for key in data
        if key not in KEYS
    ]
    if not isinstance(data.get("name", ""), str):
        mistakes.append(Mistake("name", show(data["name"]), "text"))
    context = {"file": True, "directory": directory}
    own = {key: value for key, value in data.items() if key in _STUDY_KEYS}
    together = _validated(StudyBlocks, own, context, mistakes)
    blocks: dict[str, Blocks] = {}
    singles = _single_experiments(data, mistakes)
    for name, merged in singles.items():
        inner: list[Mistake] = []
        blocks[name] = _validated(_kind(merged), merged, context, inner)
        mistakes.extend(place(one, name, data) for one in inner)
    mistakes.extend(_foreign_elements(blocks, data))
    if mistakes:
        mistakes.extend(_settings_mistakes(own, singles, context))
        raise InputError(mistakes)
    return Study(data.get("name", ""), blocks, together, data, directory, data)


def _kind(merged: Mapping[str, Any]) -> type[Blocks]:
    return DataBlocks if "data" in merged else ExperimentBlocks


def _foreign_elements(
    blocks: Mapping[str, Blocks | None], data: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Form factors of elements that are not in the target.

    Those that several experiments share may be of any of their targets.
    """
    read = {name: one for name, one in blocks.items() if one is not None and one.detector}
    anywhere = {element for one in read.values() for element in _target(one)}
    for name, one in read.items():
        if not isinstance(one.form_factor, PerElement):
            continue
        own = _target(one)
        for element in dict(one.form_factor.by_element):
            found = f"the element {element!r}"
            expected = f"an element of the target: {', '.join(own)}"
            close = nearest(element, own)
            placed = place(Mistake(f"form_factor.{element}", found, expected, close), name, data)
            shared = not placed.path.startswith("experiments.")
            # The target that has it may be that of an experiment with a mistake of its own.
            accepted = shared and (element in anywhere or len(read) < len(blocks))
            if element not in own and not accepted:
                yield placed


def _target(blocks: Blocks) -> tuple[str, ...]:
    return blocks.detector.target.elements if blocks.detector is not None else ()


_WITHOUT_ADDRESS = ("name", "kinematics", "electron_scattering", "axial", "binning")
"""Keys of an experiment that may be absent and declare no parameter."""


def _settings_mistakes(
    own: Mapping[str, Any], singles: Mapping[str, Mapping[str, Any]], context: dict[str, Any]
) -> list[Mistake]:
    """What is wrong with ``parameters`` and the like in a file that has other mistakes too.

    Found with what can be read: without the blocks that have a mistake, and as if an experiment
    that cannot be read at all might have any address.
    """
    wrong: list[Mistake] = []
    together = _validated(StudyBlocks, own, context, wrong)
    if together is None:
        broken = {key for one in wrong for key in split(one.path, own)[0][:1]}
        intact = {key: value for key, value in own.items() if key not in broken}
        together = _validated(StudyBlocks, intact, context, [])
    read = {name: _for_addresses(merged, context) for name, merged in singles.items()}
    known = {name: one for name, one in read.items() if one is not None}
    if together is None or not known:
        return []
    complete = len(known) == len(read)
    try:
        _ = Study("", known, together, {}).settled(complete)
    except InputError as error:
        return [one for one in error.mistakes if one.path.startswith(_STUDY_KEYS)]
    return []


def _for_addresses(merged: Mapping[str, Any], context: dict[str, Any]) -> Blocks | None:
    """An experiment with what declares its parameters, or None where that has a mistake."""
    kind = _kind(merged)
    content = {
        key: value
        for key, value in merged.items()
        if key in kind.model_fields and key not in _WITHOUT_ADDRESS
    }
    if kind is ExperimentBlocks:
        content["exposure"] = "1 year"
    made: Blocks | None = _validated(kind, content, context, [])
    return made


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
) -> Any:
    """``content`` as a declaration, or None and its mistakes added to ``mistakes``."""
    try:
        return kind.model_validate(content, context=context)
    except ValidationError as error:
        mistakes.extend(mistakes_of(error, "", content))
        return None


def place(one: Mistake, name: str, data: Mapping[str, Any]) -> Mistake:
    """A mistake of experiment ``name`` at the place in ``data`` where the value was written."""
    if not name:
        return one
    own = f"experiments.{name}"
    steps, rest = split(one.path, data["experiments"][name])
    if rest and len(split(one.path, data)[0]) > len(steps):
        return one  # it comes from the defaults at the top level
    return replace(one, path=join(own, steps))


def located(one: Mistake, data: Mapping[str, Any], written: Mapping[str, Any]) -> Mistake:
    """A mistake of the merged ``data`` at a place that is in the file as it was ``written``."""
    steps, rest = split(one.path, written)
    if steps and not rest:
        return one
    inherited, _ = split(one.path, data)
    if len(inherited) > len(steps) and "extends" in written:
        found = f"{written['extends']}: {join('', inherited)}: {one.found}"
        return replace(one, path="extends", found=found)
    return replace(one, path=join("", steps) or TOP)
