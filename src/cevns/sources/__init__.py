"""Sources: one file each. This one only says which there are."""

from __future__ import annotations

from cevns.registry import Registry
from cevns.sources.atmospheric import Atmospheric
from cevns.sources.base import Source
from cevns.sources.diffuse_supernova import DiffuseSupernova
from cevns.sources.geoneutrino import Geoneutrino
from cevns.sources.monoenergetic import Monoenergetic
from cevns.sources.radioactive import Radioactive
from cevns.sources.reactor import Reactor
from cevns.sources.solar import Solar
from cevns.sources.stopped_pion import StoppedPion
from cevns.sources.supernova import Supernova
from cevns.sources.tabulated import Tabulated

_BUILTIN: dict[str, type[Source]] = {
    "stopped-pion": StoppedPion,
    "monoenergetic": Monoenergetic,
    "tabulated": Tabulated,
    "reactor": Reactor,
    "solar": Solar,
    "supernova": Supernova,
    "atmospheric": Atmospheric,
    "diffuse-supernova": DiffuseSupernova,
    "geoneutrino": Geoneutrino,
    "radioactive": Radioactive,
}

SOURCES: Registry[type[Source]] = Registry(
    "source",
    "cevns.sources",
    _BUILTIN,
    lambda one: one.model_fields["type"].default if issubclass(one, Source) else None,
)

__all__ = [
    "SOURCES",
    "Atmospheric",
    "DiffuseSupernova",
    "Geoneutrino",
    "Monoenergetic",
    "Radioactive",
    "Reactor",
    "Solar",
    "Source",
    "StoppedPion",
    "Supernova",
    "Tabulated",
]
