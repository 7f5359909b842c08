"""Remote inputs: verified bytes from repositories, registries, Git and the web, pinned by overlay.lock."""
