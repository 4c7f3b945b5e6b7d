"""What lets a release go public or not: expectations, sizes, removals,
and the exit guard over every byte.
"""
