"""The stages that join wings: read the inbox, cross-row checks, yearly reports,
the cache, the closing table, Dask.
"""
