# The kill series and make kill-series.
