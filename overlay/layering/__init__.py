"""How the layers of an environment act on the objects: in which order, and under which rules."""
