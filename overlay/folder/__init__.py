"""Write a tree into an output folder: atomically, only below it, and only what is ours."""
