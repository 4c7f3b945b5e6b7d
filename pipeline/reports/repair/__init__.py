"""Damage of scraped text undone: misaligned GBK, pinyin glosses, split radicals; each edit with its offsets."""
