"""Where each field of each object came from, worked out on request by building again, step by step."""
