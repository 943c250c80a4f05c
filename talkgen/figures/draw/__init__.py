"""What pictures are drawn with: blank sheets and plots in the slide's style, lines, chips, labels, files."""
