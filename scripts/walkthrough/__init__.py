"""The crash day: twelve institutions, two venues, one custodian, told twice over the same eighteen days of prices."""
