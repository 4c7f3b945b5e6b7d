"""The checks that a release must pass before it is public: frictionless, quarantined share, sizes,
removals, and the exit guard over every byte.
"""
