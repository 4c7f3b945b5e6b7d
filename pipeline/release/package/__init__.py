"""A release's description (Data Package, manifest, changes, catalogue metadata), and the store of
kept releases.
"""
