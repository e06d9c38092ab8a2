"""Language-model geometry: measure it, perturb it, and ask what it says about performance."""
