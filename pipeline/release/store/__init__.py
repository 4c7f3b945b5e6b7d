"""Releases as a whole: copied to an address, verified, compared."""
