"""Resources to Resources, one transform a file; none knows another."""
