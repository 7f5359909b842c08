"""Many environments that repeat each other, turned into one base and what each says differently."""
