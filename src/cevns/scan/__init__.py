"""Scans: a function evaluated on a grid, in pieces that survive whatever stops the run.

A `plan` cuts the grid into chunks; `run` evaluates them, here or in several processes, and keeps
each as one small file; `merge` makes one labelled file of them and reads it. What is evaluated
is the caller's: nothing here knows any physics.
"""
