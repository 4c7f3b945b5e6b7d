"""Workbooks for the departments: their own tables with bad cells painted, a list and a summary.

`results.notes` stores the findings for each department during a run, `painted` writes its sheets,
`lists` the sheet of problems and the summary, `book` joins them into one workbook, `folder` writes
the workbooks of a run. They stay under PRIVATE, because they hold a department's values as written.
"""

from pipeline.checks.feedback.folder import Table, write_all

__all__ = ["Table", "write_all"]
