"""The sites that may show the chat, and the keys of servers that may call the API: one private SQLite file.

A site key is public and stands in the page: it chooses quota, look, corpus and the pages that may frame the
chat, and proves nothing. An API key is secret and is kept as its hash.
"""
