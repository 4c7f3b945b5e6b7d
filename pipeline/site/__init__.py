"""The public site: Datasette with pages, words, guards and downloads of our own."""
