# Lint scripts.
