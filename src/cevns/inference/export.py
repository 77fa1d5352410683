"""A likelihood as a HistFactory workspace, the JSON that pyhf and others read.

What a morphed likelihood is made of has exact counterparts there:

- a free norm is a ``normfactor``;
- a Gaussian norm is a ``lumi`` or a linear ``histosys``. HistFactory has a multiplicative factor
  with a Gaussian constraint under one name only, "lumi": it goes to the norm that must multiply a
  sample which something else moves too. Any other is a ``histosys`` whose variations are the
  template itself: α then counts its prior widths;
- a morphed nuisance is a ``histosys``: its interpolation in pyhf is that of `Morph`.

The ``normsys`` of HistFactory is no Gaussian norm: it is exponential beyond ±1 σ.

Some things have no counterpart. Parameters that enter through the fold (a free pulse mean, a weak
mixing angle, a mass) must be held: `write_workspace` holds them at their best values and says so.
Values with Gaussian errors, correlated priors, and a sample that two Gaussian norms or one and a
morph have to multiply beyond the one "lumi", are refused. Where a morphed bin makes the whole
expectation of a cell negative, pyhf's −2 ln L is NaN (ours goes on, steeply); they agree
wherever that is positive.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cevns.errors import InputError, Mistake
from cevns.files import write_text
from cevns.inference.minimum import Minimum
from cevns.likelihood.channel import Channel
from cevns.likelihood.joint import Likelihood
from cevns.likelihood.part import Part
from cevns.likelihood.statistic import Gaussian
from cevns.parameters import Theta

Array = np.ndarray[Any, np.dtype[Any]]

LUMI = "lumi"
_ALIKE = 1e-9  # relative: a prior of 1 standard deviation, a nominal value of 0
_FAR = 20.0  # natural steps: bounds of a parameter that has none, which pyhf must be given


def workspace(likelihood: Likelihood, poi: str) -> dict[str, Any]:
    """The workspace, plain data; ``poi`` is the address of its parameter of interest.

    Parameters have their addresses for names, but for the one that is called "lumi"
    (`called_lumi`). Shapes are those at the nominal values of what does not float.

    Raises
    ------
    InputError
        Where a parameter has no counterpart, and where ``poi`` is not among those that float.
    """
    return _Export(likelihood, poi).workspace()


def called_lumi(likelihood: Likelihood) -> str | None:
    """The address of the parameter that is called "lumi" in the workspace."""
    return _Export(likelihood, likelihood.floating[0]).lumi


def pyhf_values(likelihood: Likelihood, values: Any) -> dict[str, float]:
    """Values of the floating parameters, shape (n,), as those of the workspace, by its names."""
    export = _Export(likelihood, likelihood.floating[0])
    pairs = zip(likelihood.floating, np.asarray(values).tolist(), strict=True)
    return dict(export.translated(address, value) for address, value in pairs)


def exportable(minimum: Minimum) -> tuple[Likelihood, dict[str, float]]:
    """The fitted likelihood, morphed, with what has no counterpart held at its best value.

    Returns also those values, by address.
    """
    likelihood = minimum.likelihood.with_(morphed=True)
    folded = {address: minimum.at(address) for address in _folded(likelihood)}
    return likelihood.held(folded), folded


def write_workspace(path: Path, minimum: Minimum, poi: str) -> dict[str, float]:
    """Write the workspace of a fit to ``path``; returns what is held there at its best value.

    Raises
    ------
    InputError
        As `workspace` does; nothing is written then.
    """
    likelihood, held = exportable(minimum)
    content = workspace(likelihood, poi)
    write_text(path, json.dumps(content, allow_nan=False, ensure_ascii=False) + "\n")
    return held


@dataclass(frozen=True)
class _Moved:
    """A sample: a part of a channel and the floating parameters that act on it, by address."""

    channel: Channel
    part: Part
    factors: tuple[str, ...]
    morphs: Mapping[str, str]
    """Address → own address in the part."""


def _samples(likelihood: Likelihood) -> Iterator[_Moved]:
    floating = set(likelihood.floating)
    theta = likelihood.theta(likelihood.start)
    for channel in likelihood.channels:
        for part in channel.parts(theta, morphed=True):
            norms = [_shared(likelihood, channel, own) for own in part.norms]
            morphs = {_shared(likelihood, channel, own): own for own in part.morphs}
            yield _Moved(
                channel,
                part,
                tuple(address for address in norms if address in floating),
                {address: own for address, own in morphs.items() if address in floating},
            )


def _shared(likelihood: Likelihood, channel: Channel, own: str) -> str:
    address = channel.names.get(own, own)
    return likelihood.ties.get(address, address)


def _folded(likelihood: Likelihood) -> list[str]:
    """Floating parameters that are neither norms nor morphs."""
    known = {a for one in _samples(likelihood) for a in (*one.factors, *one.morphs)}
    return [address for address in likelihood.floating if address not in known]


class _Export:
    """One export: which parameter becomes what."""

    def __init__(self, likelihood: Likelihood, poi: str):
        self.likelihood = likelihood
        self.constraints = likelihood.constraints
        self.priors = dict(
            zip(self.constraints.addresses, self.constraints.widths.tolist(), strict=True)
        )
        self.samples = list(_samples(likelihood))
        self.poi = poi
        self._refuse()
        self.lumi = self._needed_lumi()

    # --- what cannot be said ------------------------------------------------------------------

    def _refuse(self) -> None:
        likelihood = self.likelihood
        for channel in likelihood.channels:
            if isinstance(channel.statistic, Gaussian):
                found = f"{channel.title or _name(channel)}, values with errors"
                raise _cannot(found, "counts, whose statistic is Poisson's")
        if self.poi not in likelihood.floating:
            raise _cannot(f"{self.poi}, which does not float", "one that floats for the interest")
        for address in _folded(likelihood):
            raise _cannot(f"{address}, which is folded with the spectrum", "it held at a value")
        off = self.constraints.precision - np.diag(np.diag(self.constraints.precision))
        if np.any(off != 0):
            raise _cannot("correlated priors", "independent ones")
        for one in self.samples:
            for address in one.morphs:
                parameter = likelihood.parameters[address]
                if parameter.value != 0 or abs(self.priors.get(address, 0.0) - 1) > _ALIKE:
                    raise _cannot(f"{address} with another prior than 0 ± 1", "0 ± 1")
            if len(one.factors) != len(set(one.factors)):
                raise _cannot(
                    f"{one.part.name}, which one norm multiplies twice", "different norms"
                )

    def _needed_lumi(self) -> str | None:
        """The Gaussian norm that must be multiplicative; None where none has to be."""
        crowded = []
        for one in self.samples:
            gaussian = [address for address in one.factors if address in self.priors]
            if gaussian and len(gaussian) + len(one.morphs) > 1:
                crowded.append((one, gaussian))
        candidates = [None, *dict.fromkeys(a for _, gaussian in crowded for a in gaussian)]
        for lumi in candidates:
            if all(_is_additive(one, gaussian, lumi) for one, gaussian in crowded):
                return lumi
        names = ", ".join(dict.fromkeys(a for _, gaussian in crowded for a in gaussian))
        raise _cannot(f"samples that {names} multiply while others move them", "one such norm")

    # --- the workspace ------------------------------------------------------------------------

    def workspace(self) -> dict[str, Any]:
        """The whole of it."""
        channels: dict[str, list[dict[str, Any]]] = {}
        for one in self.samples:
            samples = channels.setdefault(_name(one.channel), [])
            twins = sum(1 for other in samples if other["name"].split("#")[0] == one.part.name)
            name = one.part.name + (f"#{twins + 1}" if twins else "")
            samples.append({"name": name, **self._sample(one)})
        config = {
            "poi": self.translated(self.poi, 0.0)[0],
            "parameters": [self._parameter(address) for address in self.likelihood.floating],
        }
        return {
            "channels": [{"name": name, "samples": made} for name, made in channels.items()],
            "observations": [
                {"name": _name(channel), "data": channel.observed.tolist()}
                for channel in self.likelihood.channels
            ],
            "measurements": [{"name": "cevns", "config": config}],
            "version": "1.0.0",
        }

    def _sample(self, one: _Moved) -> dict[str, Any]:
        nominal = self._template(one)
        modifiers: list[dict[str, Any]] = []
        for address in one.factors:
            if address not in self.priors:
                modifiers.append({"name": address, "type": "normfactor", "data": None})
            elif address == self.lumi:
                modifiers.append({"name": LUMI, "type": LUMI, "data": None})
            else:
                change = self.priors[address] * self._template(one, but=address)
                modifiers.append(_histosys(address, nominal - change, nominal + change))
        scale = self._held_factor(one)
        for address, own in one.morphs.items():
            morph = one.part.morphs[own].times(scale)
            high, low = (nominal + side * morph.odd + morph.even for side in (1, -1))
            modifiers.append(_histosys(address, low, high))
        return {"data": nominal.tolist(), "modifiers": modifiers}

    def _template(self, one: _Moved, but: str | None = None) -> Array:
        """The template with all that is additive at its nominal value, one factor left out."""
        theta = one.channel.own(self._at_rest)
        shape: Array = self._held_factor(one, but) * one.part.shape(theta)
        return shape

    @property
    def _at_rest(self) -> Theta:
        """θ with what is additive at its nominal value."""
        return self.likelihood.theta(self.likelihood.start)

    def _held_factor(self, one: _Moved, but: str | None = None) -> float:
        """The norms that are not parameters of the workspace, or nominal in its templates."""
        local, product = one.channel.own(self._at_rest), 1.0
        for own in one.part.norms:
            address = _shared(self.likelihood, one.channel, own)
            gaussian = address in self.priors and address != self.lumi
            if address != but and (address not in one.factors or gaussian):
                product *= local.get(own, 1.0)
        return product

    # --- parameters ---------------------------------------------------------------------------

    def translated(self, address: str, value: float) -> tuple[str, float]:
        """Name and value in the workspace."""
        name = LUMI if address == self.lumi else address
        if not self._is_standard(address):
            return name, value
        centre = float(self.likelihood.parameters[address].value)
        return name, (value - centre) / self.priors[address]

    def _is_standard(self, address: str) -> bool:
        """Whether it is in standard deviations there."""
        return address in self.priors and address != self.lumi

    def _parameter(self, address: str) -> dict[str, Any]:
        """Start, bounds and constraint."""
        parameter = self.likelihood.parameters[address]
        place = self.likelihood.floating.index(address)
        step = float(self.likelihood.steps[place])
        low, high = parameter.bounds or (-np.inf, np.inf)
        far = [parameter.value - _FAR * step, parameter.value + _FAR * step]
        bounds = [max(low, far[0]), min(high, far[1])]
        name, start = self.translated(address, float(parameter.value))
        made: dict[str, Any] = {
            "name": name,
            "inits": [start],
            "bounds": [[self.translated(address, float(end))[1] for end in bounds]],
        }
        if address in self.priors:
            index = self.constraints.addresses.index(address)
            centre = float(self.constraints.centres[index])
            made["auxdata"] = [self.translated(address, centre)[1]]
            if not self._is_standard(address):
                made["sigmas"] = [self.priors[address]]
        return made


def _is_additive(one: _Moved, gaussian: Sequence[str], lumi: str | None) -> bool:
    """Whether at most one thing is left that is added to the sample, or morphs alone."""
    norms = [address for address in gaussian if address != lumi]
    return not norms or len(norms) + len(one.morphs) == 1


def _histosys(name: str, low: Array, high: Array) -> dict[str, Any]:
    data = {"lo_data": low.tolist(), "hi_data": high.tolist()}
    return {"name": name, "type": "histosys", "data": data}


def _name(channel: Channel) -> str:
    """Its name in the workspace; a single one has none of its own."""
    return channel.name or "counts"


def _cannot(found: str, expected: str) -> InputError:
    return InputError(Mistake("HistFactory", found, expected))
