"""What figures measure with: token reading, laws of size, clocks, a sweep's runs, dependencies."""
