"""Back to the departments: their own tables with the bad cells painted, a list and a summary.

`notes` keeps what each department must be told while a run goes on, `painted` writes its sheets
again, `lists` the sheet of problems and the summary, `book` joins them into one workbook, `folder`
writes those of a run.
The workbooks stay under PRIVATE: a department's own values are in them as it wrote them.
"""

from pipeline.checks.feedback.folder import Table, write_all

__all__ = ["Table", "write_all"]
