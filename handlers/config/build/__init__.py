"""From the sound parts of the file to the catalogue and the policy; whatever is wrong on the way is told."""
