"""The base chart: checked bytes, values, and Helm behind one seam."""
