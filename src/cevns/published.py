"""Ours beside what was published: every claim of the data sets, computed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from cevns.analysis import Analysis, analysis_of
from cevns.config.study import study_from
from cevns.datasets.analysis import read_analysis
from cevns.datasets.claims import Claim
from cevns.datasets.store import require
from cevns.datasets.templates import Release
from cevns.inference.cross_section import measured_cross_section
from cevns.inference.fit import fit
from cevns.inference.result import as_dict
from cevns.likelihood.signal import SIGNAL
from cevns.merge import merge

COLUMNS = (
    *("dataset", "quantity", "title", "published", "error_down", "error_up", "unit"),
    *("ours", "difference_percent", "within_low", "within_high", "reference", "reason", "cause"),
    "test",
)
TEST = "tests/test_published.py::test_ours_is_where_it_must_be"


@dataclass(frozen=True)
class Row:
    """A claim of a data set and our own value."""

    dataset: str
    claim: Claim
    ours: float

    @property
    def reproduced(self) -> bool:
        """Whether ours is where it must be."""
        low, high = self.claim.within
        return low <= self.ours <= high

    @property
    def difference(self) -> float:
        """Ours against the published value, in percent."""
        return 100 * (self.ours / self.claim.published - 1)

    def cells(self) -> dict[str, str]:
        """The row of the table, as text."""
        down, up = self.claim.error or ("", "")
        low, high = self.claim.within
        return {
            "dataset": self.dataset,
            "quantity": self.claim.quantity,
            "title": self.claim.title,
            "published": f"{self.claim.published:g}",
            "error_down": f"{down:g}" if self.claim.error else "",
            "error_up": f"{up:g}" if self.claim.error else "",
            "unit": self.claim.unit,
            "ours": f"{self.ours:.4g}",
            "difference_percent": f"{self.difference:+.1f}",
            "within_low": f"{low:g}",
            "within_high": f"{high:g}",
            "reference": self.claim.reference,
            "reason": self.claim.reason,
            "cause": self.claim.cause,
            "test": TEST,
        }


def compute(dataset: str, claim: Claim) -> Row:
    """Our value of a claim.

    Raises
    ------
    InputError
        Where the files of the data set are missing.
    LookupError
        Where the result of the fit has no such quantity.
    """
    found: Any = _result(dataset, json.dumps(claim.study, sort_keys=True))
    for step in claim.quantity.split("/"):
        found = found[step]
    return Row(dataset, claim, float(found))


@cache
def _result(dataset: str, study: str) -> Mapping[str, Any]:
    """The result of the data set's fit with a study's changes, and what goes beside it."""
    content = merge({"data": {"name": dataset}}, json.loads(study))
    analysis = analysis_of(study_from(content))
    found = fit(analysis.likelihood, analysis.interest)
    channels = analysis.likelihood.channels
    (experiment,) = analysis.study.experiments.values()
    measured = measured_cross_section(found, channels[0], experiment)
    theta = analysis.likelihood.theta(analysis.likelihood.start)
    nominal = [events for one in channels for events in one.components(theta).items()]
    predicted = _summed((part, float(np.sum(events))) for part, events in nominal)
    return {
        **as_dict(found),
        "samples": _samples(dataset, analysis),
        "predicted": predicted,
        "background": sum(events for part, events in predicted.items() if part != SIGNAL),
        "cross_section": measured.as_dict() if measured is not None else {},
    }


def _samples(dataset: str, analysis: Analysis) -> dict[str, float]:
    """Events of each sample of the release in the cells."""
    (experiment,) = analysis.study.experiments.values()
    declared, folder = read_analysis(dataset), require(dataset)
    runs = [channel.run for channel in analysis.likelihood.channels]
    releases = [Release(declared, folder, experiment, run, runs) for run in runs]
    return _summed(
        (name, float(np.sum(release.sample(name).binned(release.cells))))
        for release in releases
        for name in declared.samples
    )


def _summed(pairs: Iterable[tuple[str, float]]) -> dict[str, float]:
    """Numbers added up by name."""
    total: dict[str, float] = {}
    for name, number in pairs:
        total[name] = total.get(name, 0.0) + number
    return total


def table(rows: Iterable[Row]) -> str:
    """The rows as CSV with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(row.cells() for row in rows)
    return stream.getvalue()
