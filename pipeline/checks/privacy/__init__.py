"""What is personal, found in a text: numbers, names, addresses, values that another row hides."""
