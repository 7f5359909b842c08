"""What differs between objects, builds and environments: values in, values out."""
