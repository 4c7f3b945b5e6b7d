"""The blank workbook that a department fills in."""
