"""Repairs scraped text: misaligned GBK, pinyin glosses, radicals; each edit with its offsets."""
