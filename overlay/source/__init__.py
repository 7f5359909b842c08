"""The user's own documents changed on purpose: versions and values pinned, promoted, committed, proposed."""
