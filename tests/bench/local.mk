# The benchmarks and make bench.
