"""A trial of what keeps persons out of a release, on a publisher's own inbox.

Made-up personal values and harmless look-alikes are planted into a copy of the inbox, the copy is
published aside, and every public byte is read. Nothing in here knows how the values are found and
masked: what is planted follows what clerks write, not what the search looks for.
"""
