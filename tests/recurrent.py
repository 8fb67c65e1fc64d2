"""Recipes of recurrent cells, in few words."""


def recipe(**nodes):
    """A recipe from node="op source source"."""
    split = {name: text.split() for name, text in nodes.items()}
    return {name: {"op": op, "input": inputs} for name, (op, *inputs) in split.items()}
