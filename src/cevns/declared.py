"""Every number of an experiment, declared once, with its address."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from cevns.backgrounds import background_norm
from cevns.detector import ADDRESS, Detector
from cevns.errors import InputError, Mistake
from cevns.form_factors import FormFactorModel, parameters_of
from cevns.interactions import Interaction, Model
from cevns.parameters import Parameter
from cevns.sources.base import Source
from cevns.spins import PICTURES, NoSpins

SIGNAL_NORM = "signal.norm"
"""Address of the factor on the whole prediction."""


def declared(
    sources: Sequence[tuple[str, Source]],
    detector: Detector,
    model: Interaction | Model,
    form_factor: FormFactorModel,
    spins: NoSpins = PICTURES["none"],
) -> Iterator[Parameter]:
    """Every number of an experiment; what is the same physics elsewhere has a bare address."""
    unit = Parameter("", 1.0, bounds=(0.0, np.inf))
    yield unit.with_(address=SIGNAL_NORM, source="multiplies the signal")
    for address, source in sources:
        for norm in source.norms(address):
            yield unit.with_(address=norm, source="multiplies the flux")
        yield from source.parameters(address)
    yield from detector.parameters(ADDRESS)
    for background in detector.backgrounds:
        norm = background_norm(background.name)
        yield unit.with_(address=norm, source=f"multiplies {background.name}")
    yield from model.numbers()
    yield from parameters_of(form_factor, detector.target.nuclides)
    yield from spins.parameters(detector.target.nuclides)


def named_sources(source: Source | Sequence[Source]) -> tuple[tuple[str, Source], ...]:
    """(address, source): "source", or "source.<name>" where there are several."""
    if isinstance(source, Source):
        return (("source", source),)
    names = [one.name for one in source]
    if None in names or len(set(names)) < len(names) or not names:
        found = f"the names {names}"
        raise InputError(Mistake("source", found, "a different 'name' for each source"))
    return tuple((f"source.{one.name}", one) for one in source)
