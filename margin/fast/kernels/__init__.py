"""Float64 kernels behind the estimates of margin: arrays in, arrays out. They refuse nothing and decide nothing."""
