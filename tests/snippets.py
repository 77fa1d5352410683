"""Small experiment files for tests, made of a few blocks."""

from __future__ import annotations

from pathlib import Path

import pytest

from cevns.config.study import Study, study_from
from cevns.errors import InputError
from cevns.yaml_reader import read_text

SOURCE = "source: {type: stopped-pion, flux: 1e7 /cm^2/s}"
PULSED = """source:
  {type: stopped-pion, facility: sns-2021, distance: 19.3 m}"""
DETECTOR = "detector: {target: Ar40, mass: 1 kg}"
EXPOSURE = "exposure: 1 year"
TABLES = {
    "quenching.csv": "energy [keVnr],quenching\n1,0.2\n100,0.3\n",
    "recoil.csv": "energy [keVnr],efficiency\n1,0\n100,1\n",
    "light.csv": "energy [PE],efficiency\n1,0\n100,1\n",
    "lines.csv": "energy [keVee],rate [/keVee/kg/day]\n0.1,20\n0.5,1\n",
    "spectrum.csv": "energy [MeV],flux [/cm^2/s/MeV]\n1,100\n10,5\n",
    "fission.csv": "energy [MeV],antineutrinos [/MeV/fission]\n1,3\n8,0\n",
    "counts.csv": "anything",
}


def write_tables(folder: Path) -> Path:
    """``folder`` with the tables that the snippets name."""
    for name, text in TABLES.items():
        (folder / name).write_text(text, "utf-8")
    return folder


def study(folder: Path, *blocks: str) -> Study:
    """A file of the given blocks; source, detector and exposure are added where they are absent."""
    text = "\n".join(blocks)
    for key, block in (("source", SOURCE), ("detector", DETECTOR), ("exposure", EXPOSURE)):
        if f"{key}:" not in text:
            text += "\n" + block
    return study_from(read_text(text), folder)


def refused(folder: Path, *blocks: str) -> list[str]:
    """The lines with which the file is refused."""
    with pytest.raises(InputError) as error:
        study(folder, *blocks)
    return str(error.value).splitlines()
