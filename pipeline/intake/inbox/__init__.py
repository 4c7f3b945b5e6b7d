"""Which files an inbox has, which dataset each is of, whose packages it lists."""
