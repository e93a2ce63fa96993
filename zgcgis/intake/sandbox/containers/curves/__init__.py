"""Arcs as chords, and shapes that stand as text in the cells of a table."""
