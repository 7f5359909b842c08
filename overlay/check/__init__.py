"""Objects and patches against the types of Kubernetes and of custom resources."""
