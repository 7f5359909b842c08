"""What Kubernetes says of its types, as tables and small functions over them."""
