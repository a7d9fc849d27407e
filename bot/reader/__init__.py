"""The offline reader: which words of a sentence answer a question, by a small learned linear model.

spans.py     the candidate answers of a sentence, described without the question
features.py  how each candidate relates to a question
model.py     weights (`weights.json`) and the listwise softmax over all candidates of a question
"""
