"""Stages that combine wings: read the inbox, cross-row checks, reports, cache, summary, Dask;
`authoring` drafts datasets from samples, `doctor` says whether all is in place.
"""
