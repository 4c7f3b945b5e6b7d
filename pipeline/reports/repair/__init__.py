"""Damage of scraped text undone: misaligned GBK, pinyin glosses, split radicals.

Each edit with its offsets.
"""
