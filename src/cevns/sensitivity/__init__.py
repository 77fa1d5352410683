"""What an experiment would learn: counting and Asimov studies on grids of parameters and settings.

`design` reads what a file asks for, `counting` is the closed form of a counting study, `samples`
what it counts, `evaluate` the points of the grid, `result` what comes out.
"""
