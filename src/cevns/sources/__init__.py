"""Sources: one file each. This one only says which there are."""

from __future__ import annotations

from cevns.registry import Registry
from cevns.sources.announced import ANNOUNCED
from cevns.sources.base import Source
from cevns.sources.monoenergetic import Monoenergetic
from cevns.sources.stopped_pion import StoppedPion
from cevns.sources.tabulated import Tabulated

_LANDED: dict[str, type[Source]] = {
    "stopped-pion": StoppedPion,
    "monoenergetic": Monoenergetic,
    "tabulated": Tabulated,
}

SOURCES: Registry[type[Source]] = Registry(
    "source",
    "cevns.sources",
    {**_LANDED, **ANNOUNCED},
    lambda one: one.model_fields["type"].default if issubclass(one, Source) else None,
)

__all__ = ["SOURCES", "Monoenergetic", "Source", "StoppedPion", "Tabulated"]
