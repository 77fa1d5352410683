"""Sources: one file each. This one only says which there are; each is imported when it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from cevns.registry import Registry
from cevns.sources.base import Source

if TYPE_CHECKING:
    from cevns.sources.atmospheric import Atmospheric
    from cevns.sources.diffuse_supernova import DiffuseSupernova
    from cevns.sources.geoneutrino import Geoneutrino
    from cevns.sources.monoenergetic import Monoenergetic
    from cevns.sources.radioactive import Radioactive
    from cevns.sources.reactor import Reactor
    from cevns.sources.solar import Solar
    from cevns.sources.stopped_pion import StoppedPion
    from cevns.sources.supernova import Supernova
    from cevns.sources.tabulated import Tabulated

_BUILTIN = {
    "stopped-pion": "cevns.sources.stopped_pion:StoppedPion",
    "monoenergetic": "cevns.sources.monoenergetic:Monoenergetic",
    "tabulated": "cevns.sources.tabulated:Tabulated",
    "reactor": "cevns.sources.reactor:Reactor",
    "solar": "cevns.sources.solar:Solar",
    "supernova": "cevns.sources.supernova:Supernova",
    "atmospheric": "cevns.sources.atmospheric:Atmospheric",
    "diffuse-supernova": "cevns.sources.diffuse_supernova:DiffuseSupernova",
    "geoneutrino": "cevns.sources.geoneutrino:Geoneutrino",
    "radioactive": "cevns.sources.radioactive:Radioactive",
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

_HOMES = {one.partition(":")[2]: one.partition(":")[0] for one in _BUILTIN.values()}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
