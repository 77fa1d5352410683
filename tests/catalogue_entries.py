"""Entries of the catalogue, and files that extend them."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cevns.catalogue import entry_file
from cevns.config.study import Study, load, study_from
from cevns.yaml_reader import read_text

ROOT = Path(__file__).resolve().parents[1]


@cache
def entry(name: str) -> Study:
    """The entry, read once: its experiments keep what they fold."""
    return load(entry_file(name))


def own(text: str) -> Study:
    """A file of a user."""
    return study_from(read_text(text), ROOT)


def total(study: Study, name: str = "") -> float:
    """Events of one of its experiments."""
    return float(study.predict(name).total)
