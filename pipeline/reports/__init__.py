"""Yearly reports: repair the text, read every figure with its sentence, compare it with the
records.
"""
