"""`gongshi doctor`: whether what a run and the site need is in order, each thing on a line.

One small function looks at one thing and gives a `Result`. None writes anything that stays, none
raises: what could not be looked at is a result too. Heavy modules are loaded inside the check that
needs them, so that a machine which lacks one still hears about all the rest.
"""
