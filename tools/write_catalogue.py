"""Write docs/catalogue.md: the table of the catalogue, with what each entry predicts.

Usage: ``python tools/write_catalogue.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from cevns.catalogue import entries, entry_file, not_given
from cevns.config.singles import single_experiments
from cevns.config.study import load
from cevns.exposure import Exposure
from cevns.merge import extended
from cevns.units import day, tonne, year
from cevns.yaml_reader import read_file

OUTPUT = Path(__file__).parents[1] / "docs" / "catalogue.md"
PAPER = re.compile(
    r"arXiv:\d{4}\.\d{4,5}|(?:hep-\w\w|astro-ph)/\d{7}|review \(TAUP 2019\)"
    r"|(?:Phys\. Rev\. \w+|Phys\. Rev\. Lett\.|JINST) \d+ \(\d{4}\) \w+|doi [\d./a-z]+"
)
COLUMNS = ("name", "what", "source", "target", "mass", "threshold", "distance", "events", "from")

HEAD = """# The catalogue

Made by `tools/write_catalogue.py`. Experiments and sites of the literature, as experiment files:
`cevns list catalogue` names them, `cevns list catalogue NAME` shows one, and

```
cevns predict --experiment nucleus
```

predicts its counts. A file of one's own starts from an entry and changes what it likes:

```yaml
extends: ricochet
detector: {threshold: 20 eV}
exposure: 1 year
```

A site is an entry with a source only; `extends: chooz` and a detector make an experiment of it.
What nobody has published, or was found in no text, stands under `about.missing`, and an entry with
something missing predicts once a file that extends it gives that. Where every number is from stands
in `about.references` of the entry; "(not confirmed)" there marks what was not found in a text. The
last column has the papers.

Thresholds in eV or keV are energies of recoils, those in keVee or eVee of ionisation. Events are
what the entry counts above its threshold; without an efficiency in the entry each recoil above it
counts.
"""

COMPARED = (
    (
        *("conus-plus", "", "in the run", "347 ± 59 expected, 395 ± 106 seen (arXiv:2501.05206)"),
        "one threshold for three detectors, and no resolution: noise of 20 eV adds a sixth",
    ),
    (
        *("conus", "", "/day", "< 1.27 (0.34 /kg/day), within a factor 2 of the prediction"),
        "every event above 210 eV counts: the efficiency is not in the entry (arXiv:2401.07684)",
    ),
    (
        *("ricochet", "", "/day", "about 15 (ANR-20-CE31-0006)"),
        "mass and threshold are those of one design of several",
    ),
    (
        *("miner-concept", "germanium", "/kg/year", "about 10⁴ (arXiv:1508.07981)"),
        "the flux of a megawatt at 1 m is not stated",
    ),
    (
        *("vogel-engel-argon", "", "/hour", "5.6 (Phys. Rev. D 39 (1989) 3378)"),
        "the size of the source, and the cross-section of the time",
    ),
)
"""Entry, experiment, unit, what was published, and the likely reason of the difference."""


def contents() -> Iterator[tuple[str, dict[str, Any]]]:
    """Name and merged content of every entry."""
    for name in entries():
        path = entry_file(name)
        yield name, extended(read_file(path), path.parent)


def rows() -> Iterator[tuple[str, ...]]:
    """The cells of the table, one row for each experiment of an entry."""
    for name, content in contents():
        missing = not_given(content)
        counts = {} if missing else predicted(name)
        what, papers = content["about"]["title"], references(content)
        for inner, blocks in single_experiments(content, []).items():
            events = counts.get(inner) or lacking(missing, inner)
            yield (f"`{name}` {inner}".strip(), what, *apparatus(blocks), events, papers)
            what = papers = ""  # once for all experiments of an entry


def apparatus(blocks: Mapping[str, Any]) -> tuple[str, ...]:
    """Source, target, mass, threshold and distance as they were written."""
    sources = blocks.get("source", {})
    parts = sources if isinstance(sources, list) else [sources]
    detector = blocks.get("detector", {})
    return (
        " + ".join(dict.fromkeys(_source(part) for part in parts)),
        *(str(detector.get(key, "")) for key in ("target", "mass", "threshold")),
        ", ".join(part["distance"] for part in parts if "distance" in part),
    )


def _source(part: Mapping[str, Any]) -> str:
    strength = next((part[k] for k in ("facility", "power", "flux", "activity") if k in part), "")
    return f"{part.get('type', '')} {strength}".strip()


def predicted(name: str) -> dict[str, str]:
    """Experiment → events, as a rate where the exposure is a time."""
    study = load(entry_file(name))
    return {
        inner: rate(study.predict(inner).total, study.blocks[inner].exposure)
        for inner in study.experiments
    }


def rate(count: float, exposure: Exposure) -> str:
    """A number of events per day, or per year where that is below one, or in the exposure."""
    if exposure.kind == "mass-time":
        return f"{digits(count / (exposure.amount / (tonne * year)))} /tonne/year"
    if exposure.kind != "time":
        return f"{digits(count)} in {exposure.text.strip(chr(39))}"
    daily = count / (exposure.amount / day)
    per_year = f"{digits(count / (exposure.amount / year))} /year"
    return f"{digits(daily)} /day" if daily >= 1 else per_year


def digits(number: float) -> str:
    """Three digits, without an exponent."""
    return f"{float(f'{number:.3g}'):.10g}"


def references(content: Mapping[str, Any]) -> str:
    """The papers that the references of an entry name, each once."""
    text = " ".join(content["about"]["references"].values())
    return ", ".join(dict.fromkeys(PAPER.findall(text)))


def lacking(missing: Mapping[str, str], inner: str) -> str:
    """What is missing of experiment ``inner``."""
    own = f"experiments.{inner}."
    paths = [path.removeprefix(own) for path in missing]
    return f"missing: {', '.join(path for path in paths if not path.startswith('experiments.'))}"


def compared() -> Iterator[tuple[str, ...]]:
    """The rows of the comparison with published numbers."""
    for name, inner, unit, said, why in COMPARED:
        count = load(entry_file(name)).predict(inner).total
        yield f"`{name}` {inner}".strip(), f"{digits(count)} {unit}", said, why


def table(columns: Iterable[str], body: Iterable[tuple[str, ...]]) -> str:
    """A table in Markdown."""
    head = tuple(columns)
    lines = (head, ("---",) * len(head), *body)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def document() -> str:
    """The whole text."""
    beside = ("entry", "here", "published", "likely reason")
    return (
        f"{HEAD}\n{table(COLUMNS, rows())}\n\n"
        f"## Beside what was published\n\n{table(beside, compared())}\n"
    )


if __name__ == "__main__":
    OUTPUT.write_text(document(), "utf-8")
