"""Builds as versioned bundles, charts as Helm reads them: in image layouts and in registries."""
