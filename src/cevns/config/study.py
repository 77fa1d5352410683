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

from cevns.catalogue import not_given
from cevns.config.addressed import addressed
from cevns.config.places import located, place
from cevns.config.schema import ExperimentBlocks, StudyBlocks
from cevns.config.singles import BLOCK_KEYS, single_experiments
from cevns.errors import InputError, Mistake, nearest, show, split
from cevns.experiment import Experiment
from cevns.form_factors import PerElement
from cevns.merge import extended
from cevns.parameters import Parameter, Parameters
from cevns.prediction import Prediction
from cevns.spec import Spec, mistakes_of
from cevns.yaml_reader import read_file

if TYPE_CHECKING:
    from cevns.config.settings import Addresses

_STUDY_KEYS = tuple(f.alias or name for name, f in StudyBlocks.model_fields.items())
KEYS = (*BLOCK_KEYS, "experiments", "extends", *_STUDY_KEYS)
"""Top-level keys of an experiment file."""


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
    blocks: Mapping[str, ExperimentBlocks]
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

        return apply_settings(self._declared, self.together, self._addresses, complete)

    @cached_property
    def _declared(self) -> Parameters:
        first: dict[str, tuple[str, Parameter]] = {}
        mistakes: list[Mistake] = []
        for name, blocks in self.blocks.items():
            for address, own in addressed(name, blocks).items():
                other, known = first.setdefault(address, (name, own.with_(address=address)))
                mistakes.extend(_conflict(address, (other, known), (name, own)))
                if known.prior is None and own.prior is not None:  # who knows more says it
                    first[address] = (name, own.with_(address=address))
        if mistakes:
            raise InputError(mistakes)
        return Parameters(parameter for _, parameter in first.values())

    @cached_property
    def _addresses(self) -> Addresses:
        from cevns.config.settings import Addresses

        return Addresses(self._declared, self.blocks)

    def theta(self, name: str = "") -> dict[str, Any]:
        """The values that the file sets, at the addresses of experiment ``name``.

        Those of its data alone, such as norms of backgrounds, are not among them.
        """
        known = self.experiments[name].parameters
        return {
            own.address: self.parameters[address].value
            for address, own in self.addresses(name).items()
            if address in self.set_addresses and own.address in known
        }

    def addresses(self, name: str) -> dict[str, Parameter]:
        """Address in the file → parameter of experiment ``name`` at its own address."""
        return addressed(name, self.blocks[name])

    def own_parameters(self, name: str) -> dict[str, Parameter]:
        """The parameters of experiment ``name`` by their own addresses, as the file sets them."""
        return {
            own.address: self.parameters[address] for address, own in self.addresses(name).items()
        }

    def matching(self, name: str) -> list[str]:
        """The addresses in the file that ``name`` means."""
        return self._addresses.matching(name)

    @cached_property
    def ties(self) -> dict[str, str]:
        """Address → the address whose value it takes, through all that lie between."""
        table = self.parameters
        following = {
            address: self.matching(parameter.same_as)[0]
            for address, parameter in table.items()
            if parameter.same_as is not None
        }
        ends: dict[str, str] = {}
        for address, other in following.items():
            while other in following:
                other = following[other]
            ends[address] = other
        return ends

    @cached_property
    def correlations(self) -> dict[tuple[str, str], float]:
        """Pair of addresses → correlation of their priors."""
        found = {}
        for one in self.together.correlations:
            first, second = (self.matching(name) for name in one.between)
            found.update({(a, b): one.rho for a in first for b in second})
        return found

    @cached_property
    def set_addresses(self) -> set[str]:
        """Addresses whose value the file sets (at nominal, θ is empty)."""
        return {
            address
            for name, setting in self.together.given.items()
            if setting.value is not None or setting.same_as is not None
            for address in self._addresses.matching(name)
        }


def _conflict(
    address: str, one: tuple[str, Parameter], two: tuple[str, Parameter]
) -> Iterator[Mistake]:
    """What two experiments say differently about a parameter that they share."""
    for what in ("value", "prior"):
        said = [(name, getattr(parameter, what), parameter) for name, parameter in (one, two)]
        (name, mine, parameter), (other, theirs, _) = said
        if mine == theirs or (what == "prior" and None in (mine, theirs)):
            continue
        both = f"{_shown(mine, parameter)} in {name}, {_shown(theirs, parameter)} in {other}"
        found = f"{address} with two {what}s ({both})"
        yield Mistake("experiments", found, f"one {what} of what the experiments share")


def _shown(value: Any, parameter: Parameter) -> str:
    """A value as it is shown in a message, in the parameter's unit."""
    return "none" if value is None else f"{value / parameter.scale:.8g} {parameter.unit}".rstrip()


def _finite(content: Any) -> bool:
    """Whether every number in plain data is finite."""
    if isinstance(content, Mapping):
        return all(_finite(value) for value in content.values())
    if isinstance(content, list):
        return all(_finite(value) for value in content)
    return not isinstance(content, float) or math.isfinite(content)


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
    if "name" not in raw and _is_public(data.get("data")):
        del data["name"]  # a public data set has a title of its own
    _refuse_incomplete(data)
    try:
        study = replace(_validated_study(data, directory), written=raw)
        _ = study.parameters  # their addresses are checked with the rest of the file
    except InputError as error:
        found = [located(one, data, raw) for one in error.mistakes]
        raise InputError(list(dict.fromkeys(found))) from None
    return study


def _refuse_incomplete(data: Mapping[str, Any]) -> None:
    """Name what an entry of the catalogue says is not published, unless it is given."""
    if missing := not_given(data):
        raise InputError(
            [
                Mistake(path, "nothing", f"a value of your own ({why})")
                for path, why in missing.items()
            ]
        )


def _is_public(data: Any) -> bool:
    return isinstance(data, str) or (isinstance(data, Mapping) and "name" in data)


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
    blocks: dict[str, ExperimentBlocks] = {}
    singles = single_experiments(data, mistakes)
    for name, merged in singles.items():
        inner: list[Mistake] = []
        blocks[name] = _validated(ExperimentBlocks, merged, context, inner)
        mistakes.extend(place(one, name, data) for one in inner)
    mistakes.extend(_foreign_elements(blocks, data))
    if mistakes:
        mistakes.extend(_settings_mistakes(own, singles, context))
        raise InputError(mistakes)
    title = data.get("name") or next(iter(blocks.values())).name
    return Study(title, blocks, together, data, directory, data)


def _foreign_elements(
    blocks: Mapping[str, ExperimentBlocks | None], data: Mapping[str, Any]
) -> Iterator[Mistake]:
    """Form factors of elements that are not in the target.

    Those that several experiments share may be of any of their targets.
    """
    read = {name: one for name, one in blocks.items() if one is not None}
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


def _target(blocks: ExperimentBlocks) -> tuple[str, ...]:
    return blocks.detector.target.elements


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


def _for_addresses(merged: Mapping[str, Any], context: dict[str, Any]) -> ExperimentBlocks | None:
    """An experiment with what declares its parameters, or None where that has a mistake."""
    content = {
        key: value
        for key, value in merged.items()
        if key in ExperimentBlocks.model_fields and key not in _WITHOUT_ADDRESS
    }
    content["exposure"] = "1 year"
    made: ExperimentBlocks | None = _validated(ExperimentBlocks, content, context, [])
    return made


_EXPECTED_KEYS = f"one of the keys {', '.join(KEYS)}"


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
