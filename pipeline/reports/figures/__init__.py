"""Numbers with their sentences: which numbers count something, what they count, in which unit."""
