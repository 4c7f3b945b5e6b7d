"""What a report states, held against itself, against the records, and its corrections by hand."""
