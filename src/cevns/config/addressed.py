"""The parameters of one experiment, by their addresses in the file and by their own."""

from __future__ import annotations

from cevns.config.schema import ExperimentBlocks, ParameterSetting
from cevns.declared import declared, named_sources
from cevns.parameters import Parameter
from cevns.spins import spins_named

_OF_ONE = ("source.", "detector.", "signal.", "background.", "shape.")
"""Addresses that start like this belong to one experiment; the rest is physics they share."""


def addressed(name: str, blocks: ExperimentBlocks) -> dict[str, Parameter]:
    """Address in the file → parameter of experiment ``name``, at its own address."""
    own = own_parameters(blocks)
    return {
        f"{name}.{address}" if name and address.startswith(_OF_ONE) else address: parameter
        for address, parameter in own.items()
    }


def own_parameters(blocks: ExperimentBlocks) -> dict[str, Parameter]:
    """The parameters of an experiment and of its data set, by their own addresses."""
    sources = named_sources(blocks.source)
    model, spins = blocks.interactions(), spins_named(blocks.axial)
    found = list(declared(sources, blocks.detector, model, blocks.form_factor, spins))
    if blocks.data is None or blocks.data.name is None:
        return {one.address: one for one in found}
    from cevns.config.settings import set_parameter  # only files with data need them
    from cevns.datasets.analysis import read_analysis

    analysis = read_analysis(blocks.data.name)
    own = {one.address: one for one in (*found, *analysis.declared(blocks.data.runs))}
    for address, setting in analysis.given.items():
        if address in own:  # a source without a facility, say, has none of its parameters
            given = ParameterSetting.model_validate(setting, context={"file": True})
            own[address], _ = set_parameter(own[address], given, f"parameters.{address}")
    return own
