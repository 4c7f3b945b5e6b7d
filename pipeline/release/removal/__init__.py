"""Records that leave: withdrawals, publication terms that are over,
kept releases rewritten without them.
"""
