"""Stages that combine wings: read the inbox, cross-row checks, reports, cache, summary, Dask."""
