"""The presenting server: deck, live API and Gradio demos on one origin."""
