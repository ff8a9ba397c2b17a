"""What is in a data set, for a person to look at: counts, samples as the network gets them, files that are wrong."""
