"""The command line, one file a command: arguments in, one call, a report out."""
