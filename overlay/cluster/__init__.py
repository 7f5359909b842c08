"""A cluster: who we are there, what is there, what should be, and the way from one to the other."""
