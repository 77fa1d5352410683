"""Write the table of docs/sources/reactor.md: what the choices of the reactor's spectrum do.

Each line is `cevns.budget` on natural germanium without any response, so that the threshold is one
of recoil energies. Usage: ``python tools/write_reactor.py``. Same input, same bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import hypot
from pathlib import Path

from cevns import Detector, Experiment
from cevns.budget import budget, signal_events
from cevns.parameters import NOMINAL
from cevns.sources import Reactor
from cevns.units import GW, day, eV, kg, m

DOCUMENT = Path(__file__).parents[1] / "docs" / "sources" / "reactor.md"
START, STOP = "<!-- made by tools/write_reactor.py -->\n", "<!-- end -->\n"
THRESHOLDS = (10 * eV, 100 * eV, 1000 * eV)


def experiment(threshold: float, uncertainty: str = "none") -> Experiment:
    """One kilogram of germanium for one day, 20 m from a pressurised water reactor of 1 GW."""
    source = Reactor(power=1 * GW, distance=20 * m, fuel="pwr", uncertainty=uncertainty)
    detector = Detector(target="Ge", mass=1 * kg, threshold=threshold)
    return Experiment(source, detector, exposure=1 * day)


def changes(threshold: float) -> dict[str, float]:
    """Choice → relative change of the number of events."""
    return {
        f"{one.choice.removeprefix('reactor ')}: {one.becomes}": one.change
        for one in budget(experiment(threshold))
        if one.choice.startswith("reactor ")
    }


def spread(threshold: float) -> float:
    """Relative standard deviation of the number of events by the errors of the spectra."""
    made = experiment(threshold, "huber-mueller")
    nominal = signal_events(made, NOMINAL)
    modes = [address for address in made.parameters if ".mode" in address]
    return hypot(*(signal_events(made, {mode: 1.0}) / nominal - 1 for mode in modes))


def percent(change: float) -> str:
    """A relative change with its sign, none where it is rounded away."""
    shown = f"{100 * change:+.2f} %".replace("-", "−")
    return shown if float(f"{100 * change:.2f}") else "0"


def rows() -> Iterator[str]:
    """The lines of the table."""
    yield "| | " + " | ".join(f"T > {threshold / eV:g} eV" for threshold in THRESHOLDS) + " |"
    yield "|---" * (1 + len(THRESHOLDS)) + "|"
    totals = [signal_events(experiment(threshold), NOMINAL) for threshold in THRESHOLDS]
    yield "| events / kg / day | " + " | ".join(f"{total:.2f}" for total in totals) + " |"
    each = [changes(threshold) for threshold in THRESHOLDS]
    for choice in each[0]:
        yield f"| {choice} | " + " | ".join(percent(found[choice]) for found in each) + " |"
    errors = " | ".join(f"± {100 * spread(threshold):.2f} %" for threshold in THRESHOLDS)
    yield f"| errors of the spectra, one standard deviation | {errors} |"


def text() -> str:
    """The document with its table made anew."""
    before, _, rest = DOCUMENT.read_text("utf-8").partition(START)
    _, _, after = rest.partition(STOP)
    return before + START + "\n".join(rows()) + "\n" + STOP + after


def main() -> None:
    """Write the document."""
    DOCUMENT.write_text(text(), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
