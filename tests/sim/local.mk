# The simulator and make sim.
