"""Start of the program: Qt set up, one window opened; pictures without a display."""
