"""Compares a report's figures with each other and with the records; corrections by hand."""
