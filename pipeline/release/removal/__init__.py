"""Removal of records: withdrawals, publication terms that have ended, and kept releases rewritten
without these records.
"""
