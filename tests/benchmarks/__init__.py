"""How fast, how large, and whether it is the same: measured against what a user would pick instead.

``python -m tests.benchmarks --help`` says how. :mod:`.fabric` makes the city, :mod:`.tasks` does
each task in the ways there are, :mod:`.child` does one of them in a process of its own, and
``__main__`` runs the children in turns, compares what they found and prints the ratios.
"""
