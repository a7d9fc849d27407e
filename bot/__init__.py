"""The online half: question in, answer with evidence out; command line and web chat."""
