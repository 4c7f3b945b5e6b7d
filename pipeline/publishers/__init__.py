"""Releases of other publishers as input: fetched, verified by signature and hash, and united with
our own data.
"""
