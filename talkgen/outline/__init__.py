"""The outline: YAML in, frozen types and places out."""
