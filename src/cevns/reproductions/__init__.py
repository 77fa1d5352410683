"""Papers done again: their numbers and figures, declared and computed.

A reproduction is a folder beside this file: ``paper.yaml`` with the claims and the figures of one
paper, experiment files and small tables. Nothing here knows a paper by name.
"""
