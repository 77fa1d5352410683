"""Experiment files: reading, merging, validating, writing."""

from cevns.config.study import Study, load, study_from

__all__ = ["Study", "load", "study_from"]
