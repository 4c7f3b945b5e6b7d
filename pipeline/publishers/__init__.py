"""Other publishers' releases as input: fetched, proven by signature and hash,
united with our own.
"""
