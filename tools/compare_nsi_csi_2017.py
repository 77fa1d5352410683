"""Write docs/constraints-published.csv and its table in docs/constraints.md.

NSI from the first data of CsI beside what Denton and Gehrlein released with arXiv:2008.06062
(github.com/JuliaGehrlein/7stats, folder datafiles_out): of one coupling to u and d quarks alike,
the test statistic of two cells (before and after 1 µs), and confidence levels of toys in all 144.
Their numbers that stand here are those on both sides of each crossing; the ends lie on a line
between them. Ours is computed twice: in their two cells, with their steady state and priors and our
signal, and as everywhere else. Needs the files of coherent-csi-2017. Usage:
``python tools/compare_nsi_csi_2017.py``; with ``--page`` only the page, from the table.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cevns.config.study import study_from
from cevns.datasets.store import require
from cevns.inference.limits import allowed
from cevns.inference.plane import Grid, grid_of, level
from cevns.units import us

DOCS = Path(__file__).parents[1] / "docs"
DATA = "coherent-csi-2017"
TABLE = "constraints-published.csv"
COLUMNS = ("parameter", "what", "lower", "upper")
PUBLISHED, REPEATED, TOYS, OURS = "published", "ours in their cells", "published, toys", "ours"

Array = np.ndarray[Any, np.dtype[Any]]
Region = tuple[float, float]
Step = tuple[float, float, float, float]
"""A coupling, the released number there, the next coupling, the number there."""

CONFIDENCE = 0.90
RISE = level(CONFIDENCE, 1)
DAYS_ON, DAYS_OFF = 308.1, 153.5
PRIORS = np.array([0.28, 0.25, 0.06])  # of signal, beam neutrons and steady state
LATER = 1 * us


@dataclass(frozen=True)
class Published:
    """A coupling, the lowest released value of the test statistic, and the steps over the limit."""

    pair: str
    title: str
    lowest: float
    steps: tuple[Step, ...]
    toys: tuple[Step, ...] = ()

    @property
    def address(self) -> str:
        """Of the coupling to u quarks; that to d quarks is tied to it."""
        return f"nsi.eps_{self.pair}_u"

    @property
    def regions(self) -> list[Region]:
        """Where the test statistic is less than 2.71 above its lowest value."""
        ends = [_between(step, self.lowest + RISE) for step in self.steps]
        if len(ends) == 1:  # what changes flavour enters squared, the files are symmetric
            ends = [-ends[0], ends[0]]
        return _paired(ends)

    @property
    def toy_regions(self) -> list[Region]:
        """Where less than 90 % of the toys fit better."""
        return _paired([_between(step, 100 * CONFIDENCE) for step in self.toys])


def _between(step: Step, limit: float) -> float:
    x, low, y, high = step
    return x + (y - x) * (limit - low) / (high - low)


def _paired(ends: Sequence[float]) -> list[Region]:
    return list(zip(ends[::2], ends[1::2], strict=True))


# chi2_*only_2t1e_nomarg_nosmear_gauss006.txt and results_eps*_nomarg_144bins_newpull.txt
CASES = (
    Published(
        *("ee", "ε_ee", 0.71923),
        ((-0.04, 4.65165, -0.02, 3.15275), (0.20, 2.45158, 0.22, 3.78794)),
        ((-0.043, 90.6188, -0.03, 87.0259), (0.22, 87.0259, 0.233, 90.6188)),
    ),
    Published(
        *("mumu", "ε_μμ", 1.97094),
        (
            *((-0.08, 5.66584, -0.06, 4.48810), (0.02, 3.00949, 0.04, 5.50490)),
            *((0.14, 7.23219, 0.16, 4.24356), (0.24, 3.80257, 0.26, 5.02537)),
        ),
        (
            *((-0.125, 90.4192, -0.11, 87.2255), (0.02, 76.2475, 0.03, 91.3449)),
            *((0.16, 91.3449, 0.17, 76.2475), (0.30, 87.2255, 0.315, 90.4192)),
        ),
    ),
    Published("emu", "ε_eμ", 1.97437, ((0.08, 4.27924, 0.10, 5.59030),)),
    Published("etau", "ε_eτ", 1.97437, ((0.08, 3.80060, 0.10, 4.87595),)),
    Published("mutau", "ε_μτ", 1.95194, ((0.12, 4.35543, 0.14, 5.32201),)),
)


# --- ours -----------------------------------------------------------------------------------------


def grid(case: Published) -> Grid:
    """Our likelihood of the first data, with one coupling to u and d quarks alike."""
    tied = {case.address.removesuffix("u") + "d": {"same_as": case.address}}
    axis = {case.address: {"from": -0.5, "to": 0.5, "points": 51}}
    return grid_of(
        study_from(
            {
                "data": DATA,
                "model": ["standard-model", "nsi"],
                "couplings": {"scheme": "radiative"},
                "parameters": tied,
                "scan": {"profile": "all", "parameters": axis},
            }
        )
    )


def ours(case: Published) -> list[Region]:
    """What all our cells allow."""
    own = grid(case)
    found = allowed(own.likelihood, case.address, own.axes[case.address], CONFIDENCE)
    return [(a, b) for a, b in found.regions if a is not None and b is not None]


@dataclass(frozen=True, eq=False)
class TwoCells:
    """The counts before and after 1 µs, as they are analysed there.

    Attributes
    ----------
    observed, neutrons, steady : array, shape (2,)
    signal : array, shape (3, 2)
        Coefficients of the coupling squared, the coupling and one: it enters no other way.
    """

    observed: Array
    neutrons: Array
    steady: Array
    signal: Array

    def expected(self, coupling: float) -> Array:
        """Signal, neutrons and steady state, shape (3, 2)."""
        signal = np.array([coupling**2, coupling, 1.0]) @ self.signal
        return np.array([signal, self.neutrons, self.steady])

    def __call__(self, coupling: float) -> float:
        """−2 ln(L/L_saturated) with the three norms fitted."""
        from scipy.optimize import minimize

        parts = self.expected(coupling)

        def height(pulls: Array) -> float:
            total = np.maximum((1.0 + PRIORS * pulls) @ parts, 1e-9)
            terms = total - self.observed + self.observed * np.log(self.observed / total)
            return float(2.0 * np.sum(terms) + pulls @ pulls)

        return float(minimize(height, np.zeros(3)).fun)


def two_cells(case: Published, own_steady: bool = False) -> TwoCells:
    """Our signal and neutrons in their two cells, with their steady state or our own."""
    (channel,) = grid(case).likelihood.channels
    later = channel.cells.axis("time").edges[:-1] >= LATER * (1 - 1e-9)

    def summed(events: Array) -> Array:
        times = events.reshape(channel.cells.shape).sum(axis=0)
        return np.array([times[~later].sum(), times[later].sum()])

    def at(coupling: float) -> dict[str, Array]:
        other = case.address.removesuffix("u") + "d"
        found = channel.components({case.address: coupling, other: coupling})
        return {name: summed(events) for name, events in found.items()}

    minus, zero, plus = at(-1.0), at(0.0), at(1.0)
    low, middle, high = (one["cevns"] for one in (minus, zero, plus))
    signal = np.array([(high + low) / 2 - middle, (high - low) / 2, middle])
    steady = zero["steady-state"] if own_steady else their_steady_state()
    return TwoCells(summed(channel.observed), zero["beam-neutrons"], steady, signal)


def their_steady_state() -> Array:
    """Counts of all three samples without CEvNS, as many as on the days with beam, shape (2,)."""
    names = ("anticoincidence_beamOn", "anticoincidence_beamOff", "coincidence_beamOff")
    counts = np.sum([_counts(f"data_{name}.txt") for name in names], axis=0)
    scaled: Array = counts * DAYS_ON / (DAYS_ON + 2 * DAYS_OFF)
    return scaled


def _counts(name: str) -> Array:
    content = io.BytesIO(require(DATA).read_bytes(name))
    energy, time, counts = np.loadtxt(content, delimiter=",").T
    inside = (energy > 6) & (energy < 30) & (time < 6)  # photo-electrons, µs
    return np.array([counts[inside & (time < 1)].sum(), counts[inside & (time > 1)].sum()])


def regions(profile: Callable[[float], float]) -> list[Region]:
    """Where a profile is less than 2.71 above its lowest point, in steps of 0.01."""
    from scipy.optimize import brentq

    points = np.linspace(-0.5, 0.5, 101)
    heights = np.array([profile(float(point)) for point in points])
    limit = float(np.min(heights)) + RISE
    changes = np.flatnonzero((heights[1:] > limit) != (heights[:-1] > limit))
    pairs = ((float(points[i]), float(points[i + 1])) for i in changes)
    return _paired([float(brentq(lambda x: profile(x) - limit, *pair)) for pair in pairs])


# --- table and page -------------------------------------------------------------------------------


def rows(case: Published) -> Iterator[dict[str, str]]:
    """The rows of one coupling."""
    found = {
        PUBLISHED: case.regions,
        REPEATED: regions(two_cells(case)),
        TOYS: case.toy_regions,
        OURS: ours(case),
    }
    for what, intervals in found.items():
        for lower, upper in intervals:
            ends = {"lower": f"{lower:.3f}", "upper": f"{upper:.3f}"}
            yield {"parameter": case.address, "what": what, **ends}


def table(own: Iterable[dict[str, str]]) -> str:
    """The rows as CSV with a header."""
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(own)
    return stream.getvalue()


def written() -> list[dict[str, str]]:
    """The table of the documents."""
    return list(csv.DictReader(io.StringIO((DOCS / TABLE).read_text("utf-8"))))


def page(text: str, own: Sequence[dict[str, str]]) -> str:
    """The page of constraints with the table between its marks."""
    before, mark, rest = text.partition("<!-- table: published -->\n")
    _, end, after = rest.partition("<!-- end of the table -->\n")
    assert mark and end, "docs/constraints.md has no place for the table published"
    return "".join((before, mark, "\n", *(f"{line}\n" for line in _lines(own)), "\n", end, after))


def _lines(own: Sequence[dict[str, str]]) -> Iterator[str]:
    yield "| ε^u = ε^d | published | ours, their cells | published, toys | ours |"
    yield "|---|---|---|---|---|"
    for case in CASES:
        cells = [
            " or ".join(
                f"[{row['lower']}, {row['upper']}]".replace("-", "−")
                for row in own
                if (row["parameter"], row["what"]) == (case.address, what)
            )
            for what in (PUBLISHED, REPEATED, TOYS, OURS)
        ]
        yield f"| {' | '.join((case.title, *cells))} |"


def main() -> None:
    """Compute and write the table, then the page."""
    if "--page" not in sys.argv[1:]:
        content = table(row for case in CASES for row in rows(case))
        (DOCS / TABLE).write_text(content, "utf-8")
    path = DOCS / "constraints.md"
    path.write_text(page(path.read_text("utf-8"), written()), "utf-8")


if __name__ == "__main__":
    main()
