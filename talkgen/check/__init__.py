"""What is looked at before the stage: a talk's words, times and decks, as findings with their lines; builds nothing."""
