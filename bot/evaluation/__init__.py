"""How well the search finds the right article: data → index → rankings → measures → report, picture."""
