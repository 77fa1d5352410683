"""Coherent elastic neutrino-nucleus scattering: predictions that can be traced and tested.

The public names are loaded on first use, so that importing the package costs next to nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from cevns import constants, units
    from cevns.binning import Binning
    from cevns.config.study import load
    from cevns.cross_sections import (
        differential_cross_section,
        flux_averaged_cross_section,
        total_cross_section,
    )
    from cevns.detector import Detector
    from cevns.errors import InputError
    from cevns.experiment import Experiment
    from cevns.exposure import Exposure
    from cevns.interactions.standard_model import StandardModel
    from cevns.nuclides import nuclide
    from cevns.sources.monoenergetic import Monoenergetic
    from cevns.sources.stopped_pion import StoppedPion
    from cevns.sources.tabulated import Tabulated
    from cevns.targets import Target

_HOMES = {
    "Binning": "cevns.binning",
    "Detector": "cevns.detector",
    "Experiment": "cevns.experiment",
    "Exposure": "cevns.exposure",
    "InputError": "cevns.errors",
    "Monoenergetic": "cevns.sources.monoenergetic",
    "StandardModel": "cevns.interactions.standard_model",
    "StoppedPion": "cevns.sources.stopped_pion",
    "Tabulated": "cevns.sources.tabulated",
    "Target": "cevns.targets",
    "constants": "cevns.constants",
    "differential_cross_section": "cevns.cross_sections",
    "flux_averaged_cross_section": "cevns.cross_sections",
    "load": "cevns.config.study",
    "nuclide": "cevns.nuclides",
    "total_cross_section": "cevns.cross_sections",
    "units": "cevns.units",
}

__all__ = [
    "Binning",
    "Detector",
    "Experiment",
    "Exposure",
    "InputError",
    "Monoenergetic",
    "StandardModel",
    "StoppedPion",
    "Tabulated",
    "Target",
    "constants",
    "differential_cross_section",
    "flux_averaged_cross_section",
    "load",
    "nuclide",
    "total_cross_section",
    "units",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'cevns' has no attribute {name!r}")
    home = importlib.import_module(_HOMES[name])
    value = home if home.__name__ == f"cevns.{name}" else getattr(home, name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
