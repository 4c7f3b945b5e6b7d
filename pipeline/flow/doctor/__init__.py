"""`gongshi doctor`: checks what a run and the site need, one line for each check.

Each check is a small function that returns a `Result`. It leaves no file behind and does not raise:
a check that cannot be made is a result too. Heavy modules are imported inside the check that needs
them, so that on a machine without one all other checks still run.
"""
